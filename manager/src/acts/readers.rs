//! Readers: enrolment, what they are and where, and their sealed configurations.

mod configuring;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{self, Act, Actor, Expected, OutputFormat, Presence, ReaderId, UnixTime, to_base64url};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::proof;
use crate::store::ReaderRow;

/// Readers on a page, at most.
const PAGE_MAX: u32 = 1000;
/// Characters of a place.
const PLACE_MAX: usize = 200;

/// A reader to be enrolled; its private key stays in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReader {
    /// What people call it: 1 to 100 characters.
    pub name: String,
    /// Where it is, for people: up to 200 characters.
    pub place: String,
    /// The key that it made, a compressed point.
    pub public_key: [u8; 33],
    /// The user presence that the door demands.
    pub presence: Presence,
    /// How it gives the user ID to the access control system.
    pub output: OutputFormat,
}

/// What changes about a reader; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReaderEdit {
    /// What people call it.
    pub name: Option<String>,
    /// Where it is.
    pub place: Option<String>,
    /// The user presence that the door demands.
    pub presence: Option<Presence>,
    /// How it gives the user ID to the access control system.
    pub output: Option<OutputFormat>,
}

/// A reader with what it has to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolledReader {
    /// Names the reader on the air.
    pub id: ReaderId,
    /// What people call it.
    pub name: String,
    /// The signed certificate, 120 octets.
    pub certificate: Vec<u8>,
    /// The first second at which the certificate is no longer valid.
    pub certificate_not_after: UnixTime,
    /// Goes up with each configuration.
    pub configuration_version: u32,
    /// The configuration, sealed to the reader's key.
    pub configuration: Vec<u8>,
}

/// A reader as its administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReaderSummary {
    /// Names the reader on the air.
    pub reader_id: u32,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub place: String,
    /// Its public key in base64url.
    pub public_key: String,
    /// The user presence that the door demands.
    pub presence: Presence,
    /// How it gives the user ID to the access control system.
    pub output: OutputFormat,
    /// The first second at which its certificate is no longer valid.
    #[schema(value_type = u32)]
    pub certificate_not_after: UnixTime,
    /// The newest configuration that was made.
    pub configuration_version: u32,
    /// Whether a configuration waits to be fetched: settings, issuer keys, certificate or revocation list are newer
    /// than what was handed out last.
    pub configuration_due: bool,
    /// The newest configuration that was handed out, 0 while none was.
    pub fetched_version: u32,
    /// When it was handed out.
    #[schema(value_type = Option<u32>)]
    pub fetched_at: Option<UnixTime>,
    /// When the reader was enrolled.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
    /// When it was revoked.
    #[schema(value_type = Option<u32>)]
    pub revoked_at: Option<UnixTime>,
}

impl Manager {
    /// Enrols a reader: a certificate for its key, and its first configuration.
    ///
    /// # Errors
    /// [`Refusal::ReaderName`], [`Refusal::ReaderPlace`], [`Refusal::OutputFormat`], [`Refusal::ReaderKeyInvalid`],
    /// [`Refusal::ReaderKnown`].
    pub async fn enrol_reader(&self, actor: Actor, new: NewReader) -> Result<EnrolledReader, Error> {
        let name = checked_name(&new.name)?;
        let place = checked_place(&new.place)?;
        if !proof::is_compressed(&new.public_key) {
            return Err(Refusal::ReaderKeyInvalid.into());
        }
        new.output.check().map_err(Refusal::OutputFormat)?;
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        if let Some(known) = tx.reader_by_key(project, &new.public_key).await? {
            return Err(Refusal::ReaderKnown(known.0).into());
        }
        let mut reader = ReaderRow {
            id: tx.next_reader(project).await?,
            name,
            place,
            public_key: new.public_key,
            presence: new.presence,
            output: new.output,
            certificate: Vec::new(),
            certificate_not_after: now,
            configuration_version: 0,
            configuration_basis: [0; 32],
            configuration: Vec::new(),
            configuration_ring: 0,
            fetched: None,
            created_at: now,
            revoked_at: None,
        };
        self.refresh(&mut tx, &mut reader).await?;
        tx.insert_reader(project, &reader).await?;
        tx.note_fetch(project, reader.id, now).await?;
        tx.record(project, now, actor, Act::ReaderEnrolled, reader.id.0.to_string(), String::new()).await?;
        tx.commit().await?;
        Ok(reader.into())
    }

    /// Changes what is set about a reader; it learns so with its next configuration.
    ///
    /// # Errors
    /// [`Refusal::ReaderUnknown`], [`Refusal::ReaderRevoked`], and as [`Manager::enrol_reader`] for what is not allowed.
    pub async fn edit_reader(
        &self,
        actor: Actor,
        id: ReaderId,
        edit: ReaderEdit,
    ) -> Result<ReaderSummary, Error> {
        self.edit_expected_reader(actor, &Expected::Any, id, edit).await
    }

    /// Changes a reader as [`Manager::edit_reader`] does, if it is still as the edit is meant for.
    ///
    /// # Errors
    /// Those of [`Manager::edit_reader`], [`Refusal::PreconditionFailed`].
    pub async fn edit_expected_reader(
        &self,
        actor: Actor,
        expected: &Expected,
        id: ReaderId,
        edit: ReaderEdit,
    ) -> Result<ReaderSummary, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let mut reader = self.reader_in_service(&mut tx, id).await?;
        if *expected != Expected::Any && !expected.holds(&self.summary(&mut tx, reader.clone()).await?) {
            return Err(Refusal::PreconditionFailed.into());
        }
        let mut changed = Vec::new();
        if let Some(name) = edit.name {
            reader.name = checked_name(&name)?;
            changed.push("name");
        }
        if let Some(place) = edit.place {
            reader.place = checked_place(&place)?;
            changed.push("place");
        }
        if let Some(presence) = edit.presence.filter(|presence| *presence != reader.presence) {
            reader.presence = presence;
            // It stands in the certificate, so that there has to be a new one.
            reader.certificate = Vec::new();
            changed.push("presence");
        }
        if let Some(output) = edit.output {
            output.check().map_err(Refusal::OutputFormat)?;
            reader.output = output;
            changed.push("output");
        }
        self.refresh(&mut tx, &mut reader).await?;
        tx.update_reader(project, &reader).await?;
        tx.record(project, now, actor, Act::ReaderEdited, id.0.to_string(), changed.join(", ")).await?;
        let summary = self.summary(&mut tx, reader).await?;
        tx.commit().await?;
        Ok(summary)
    }

    /// A reader.
    ///
    /// # Errors
    /// [`Refusal::ReaderUnknown`].
    pub async fn reader(&self, id: ReaderId) -> Result<ReaderSummary, Error> {
        let mut tx = self.read().await?;
        let reader = tx.reader(self.project_id(), id).await?.ok_or(Refusal::ReaderUnknown)?;
        self.summary(&mut tx, reader).await
    }

    /// Up to `limit` readers that follow `after`, by id.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn readers(&self, after: ReaderId, limit: u32) -> Result<Vec<ReaderSummary>, Error> {
        let mut tx = self.read().await?;
        let readers = tx.readers(self.project_id(), after, limit.min(PAGE_MAX)).await?;
        let mut summaries = Vec::with_capacity(readers.len());
        for reader in readers {
            summaries.push(self.summary(&mut tx, reader).await?);
        }
        Ok(summaries)
    }
}

fn checked_name(name: &str) -> Result<String, Refusal> {
    if name.trim().is_empty() {
        return Err(Refusal::ReaderName(domain::FieldError::Empty));
    }
    domain::name(name).map_err(Refusal::ReaderName)?;
    Ok(name.trim().to_owned())
}

fn checked_place(place: &str) -> Result<String, Refusal> {
    let place = place.trim();
    if place.chars().count() > PLACE_MAX || place.chars().any(char::is_control) {
        return Err(Refusal::ReaderPlace(PLACE_MAX));
    }
    Ok(place.to_owned())
}

impl ReaderSummary {
    fn new(row: ReaderRow, configuration_due: bool) -> Self {
        let fetched_version = row.fetched.map_or(0, |(version, _)| version);
        Self {
            reader_id: row.id.0,
            name: row.name,
            place: row.place,
            public_key: to_base64url(&row.public_key),
            presence: row.presence,
            output: row.output,
            certificate_not_after: row.certificate_not_after,
            configuration_version: row.configuration_version,
            configuration_due: configuration_due || fetched_version < row.configuration_version,
            fetched_version,
            fetched_at: row.fetched.map(|(_, at)| at),
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        }
    }
}

impl From<ReaderRow> for EnrolledReader {
    fn from(row: ReaderRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            certificate: row.certificate,
            certificate_not_after: row.certificate_not_after,
            configuration_version: row.configuration_version,
            configuration: row.configuration,
        }
    }
}
