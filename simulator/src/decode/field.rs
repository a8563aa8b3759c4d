//! Fields, and how a layout is read into them.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::trace::to_hex;

/// Some octets with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Where they begin, in the whole that is decoded.
    pub offset: usize,
    /// How many they are.
    pub length: usize,
    /// What they are called, as in `docs/PROTOCOL.md`.
    pub name: &'static str,
    /// What they say, for people; octets in hexadecimal where they say nothing else.
    pub value: String,
    /// Nobody can read them without a key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// The fields in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Self>,
}

impl Field {
    /// The same, so many octets further on.
    pub(super) fn moved(mut self, by: usize) -> Self {
        self.offset = self.offset.saturating_add(by);
        self.fields = self.fields.into_iter().map(|field| field.moved(by)).collect();
        self
    }
}

/// Why octets are not what they were taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong(pub String);

impl Wrong {
    pub(super) fn because(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

/// Fields, or why there are none.
pub(super) type Fields = Result<Vec<Field>, Wrong>;

/// How what is inside of something is read: its octets, and where they begin in the whole.
pub(super) type Inside = fn(&[u8], usize) -> Fields;

/// Reads one field after another.
pub(super) struct Layout<'o> {
    octets: &'o [u8],
    at: usize,
    fields: Vec<Field>,
}

impl<'o> Layout<'o> {
    /// Of octets that begin at this place of the whole.
    pub(super) const fn of(octets: &'o [u8], at: usize) -> Self {
        Self { octets, at, fields: Vec::new() }
    }

    /// Where the next field begins.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// Octets that are left.
    pub(super) const fn left(&self) -> usize {
        self.octets.len()
    }

    /// Octets that say nothing by themselves.
    pub(super) fn octets(&mut self, length: usize, name: &'static str) -> Result<&'o [u8], Wrong> {
        self.told(length, name, to_hex)
    }

    /// Octets that are told in words.
    pub(super) fn told(
        &mut self,
        length: usize,
        name: &'static str,
        tell: impl FnOnce(&[u8]) -> String,
    ) -> Result<&'o [u8], Wrong> {
        let octets = self.take(length, name)?;
        self.put(octets.len(), name, tell(octets));
        Ok(octets)
    }

    /// A number, high octet first.
    pub(super) fn number(&mut self, length: usize, name: &'static str) -> Result<u64, Wrong> {
        self.counted(length, name, |number| number.to_string())
    }

    /// A number that is told in words.
    pub(super) fn counted(
        &mut self,
        length: usize,
        name: &'static str,
        tell: impl FnOnce(u64) -> String,
    ) -> Result<u64, Wrong> {
        let octets = self.take(length, name)?;
        let number = octets.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
        self.put(length, name, tell(number));
        Ok(number)
    }

    /// Seconds since 1970.
    pub(super) fn time(&mut self, name: &'static str) -> Result<u64, Wrong> {
        self.counted(4, name, |seconds| match (seconds, i64::try_from(seconds).map(Timestamp::from_second)) {
            (0, _) => "no clock".to_owned(),
            (_, Ok(Ok(time))) => format!("{time} ({seconds})"),
            _ => seconds.to_string(),
        })
    }

    /// A point of the curve in its compressed form, which is not checked to be on it.
    pub(super) fn point(&mut self, name: &'static str) -> Result<(), Wrong> {
        let octets = self.octets(33, name)?;
        match octets.first() {
            Some(2 | 3) => Ok(()),
            _ => Err(Wrong::because(format!("{name} does not begin with 02 or 03"))),
        }
    }

    /// What cannot be read without a key.
    pub(super) fn sealed(&mut self, length: usize, name: &'static str, what: &str) -> Result<(), Wrong> {
        let octets = self.take(length, name)?;
        self.put(length, name, format!("{what}: {}", to_hex(octets)));
        if let Some(field) = self.fields.last_mut() {
            field.sealed = true;
        }
        Ok(())
    }

    /// What has fields of its own.
    pub(super) fn inside(&mut self, length: usize, name: &'static str, inside: Inside) -> Result<(), Wrong> {
        let at = self.at;
        let octets = self.take(length, name)?;
        let fields = inside(octets, at).map_err(|wrong| Wrong(format!("{name}: {wrong}")))?;
        self.put(length, name, String::new());
        self.fill_last(fields);
        Ok(())
    }

    /// What has these fields.
    pub(super) fn put_inside(
        &mut self,
        length: usize,
        name: &'static str,
        fields: Vec<Field>,
    ) -> Result<(), Wrong> {
        self.take(length, name)?;
        self.put(length, name, String::new());
        self.fill_last(fields);
        Ok(())
    }

    /// Says what the last field is.
    pub(super) fn name_last(&mut self, value: String) {
        if let Some(field) = self.fields.last_mut() {
            field.value = value;
        }
    }

    fn fill_last(&mut self, fields: Vec<Field>) {
        if let Some(field) = self.fields.last_mut() {
            field.fields = fields;
        }
    }

    /// A number in the form LEB128.
    pub(super) fn varint(&mut self, name: &'static str) -> Result<u64, Wrong> {
        let length =
            self.octets.iter().position(|octet| octet & 0x80 == 0).map_or(11, |last| last.saturating_add(1));
        let octets = self.octets.get(..length).filter(|_| length <= 10);
        let octets = octets.ok_or_else(|| Wrong::because(format!("{name} does not end")))?;
        let mut number = 0_u128;
        for (place, octet) in octets.iter().enumerate() {
            let shift = u32::try_from(place).unwrap_or_default().saturating_mul(7);
            number |= u128::from(octet & 0x7F) << shift;
        }
        let number = u64::try_from(number).map_err(|_| Wrong::because(format!("{name} is over 64 bits")))?;
        self.take(length, name)?;
        self.put(length, name, number.to_string());
        Ok(number)
    }

    /// The fields, if no octet is left.
    pub(super) fn finish(self) -> Fields {
        match self.octets.len() {
            0 => Ok(self.fields),
            left => Err(Wrong::because(format!("{left} octets are left over"))),
        }
    }

    fn take(&mut self, length: usize, name: &str) -> Result<&'o [u8], Wrong> {
        let Some((octets, rest)) = self.octets.split_at_checked(length) else {
            return Err(Wrong::because(format!("it ends in {name}")));
        };
        self.octets = rest;
        self.at = self.at.saturating_add(length);
        Ok(octets)
    }

    fn put(&mut self, length: usize, name: &'static str, value: String) {
        let offset = self.at.saturating_sub(length);
        self.fields.push(Field { offset, length, name, value, sealed: false, fields: Vec::new() });
    }
}
