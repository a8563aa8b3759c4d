//! What a form brought.

/// The fields of a form, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`, which a query is too.
    pub(super) fn parse(octets: &[u8]) -> Self {
        Self(form_urlencoded::parse(octets).into_owned().collect())
    }

    /// The first field of this name; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The first field of this name, unless it is not there or empty.
    pub(super) fn some(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Whether a box was ticked.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Every field of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The same fields with another value of this one; without it where the value is empty.
    pub(super) fn replacing(&self, name: &str, value: &str) -> Self {
        let mut fields: Vec<_> = self.0.iter().filter(|(key, _)| key != name).cloned().collect();
        if !value.is_empty() {
            fields.push((name.to_owned(), value.to_owned()));
        }
        Self(fields)
    }

    /// Undoes [`Fields::parse`].
    pub(super) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name_and_written_as_they_were_read() {
        let fields = Fields::parse("a=1&user=x&user=y+z&empty=&ü=%3Cb%3E".as_bytes());
        assert_eq!((fields.text("a"), fields.text("none")), ("1", ""));
        assert_eq!(fields.all("user").collect::<Vec<_>>(), ["x", "y z"]);
        assert_eq!(
            (fields.some("empty"), fields.is_set("empty"), fields.is_set("none")),
            (None, true, false)
        );
        assert_eq!(fields.text("ü"), "<b>");
        assert_eq!(fields.replacing("a", "2").replacing("user", "").encoded(), "empty=&%C3%BC=%3Cb%3E&a=2");
    }
}
