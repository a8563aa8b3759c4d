//! What readers reported, in a chain for each reader.

use uuid::Uuid;

use super::rows::{number, octets, time};
use super::{StoreError, Transaction};
use crate::domain::{
    ProjectId, ReaderEvent, ReaderId, ReaderLog, ReceiptState, Serial, UnixTime, event_in_words, hex,
};

/// An event as it is kept.
pub(crate) struct EventRow {
    pub(crate) place: u64,
    pub(crate) id: Uuid,
    pub(crate) log: [u8; 8],
    pub(crate) number: u32,
    pub(crate) at: Option<UnixTime>,
    pub(crate) received_at: UnixTime,
    pub(crate) kind: u8,
    pub(crate) body: Vec<u8>,
    pub(crate) serial: Option<Serial>,
    pub(crate) user: Option<Uuid>,
    pub(crate) receipt: Option<ReceiptState>,
    pub(crate) hash: [u8; 32],
}

/// What is kept of a log.
#[derive(Clone, Copy, Default)]
pub(crate) struct LogRow {
    pub(crate) complete_to: u32,
    pub(crate) newest: u32,
    pub(crate) arrived: u32,
}

#[derive(sqlx::FromRow)]
struct Columns {
    reader: i64,
    place: i64,
    id: Uuid,
    log: Vec<u8>,
    number: i64,
    at: Option<i64>,
    received_at: i64,
    kind: i64,
    body: Vec<u8>,
    serial: Option<i64>,
    holder: Option<Uuid>,
    receipt: Option<String>,
    hash: Vec<u8>,
}

impl Transaction {
    /// The end of a reader's chain, locked until the commit.
    pub(crate) async fn lock_reader_chain(
        &mut self,
        project: ProjectId,
        reader: ReaderId,
        start: &[u8; 32],
    ) -> Result<(u64, [u8; 32]), StoreError> {
        self.query(
            "INSERT INTO reader_chains (project, reader, length, head) VALUES ($1, $2, 0, $3) \
             ON CONFLICT (project, reader) DO NOTHING",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(reader.0))
        .bind(start.as_slice())
        .execute()
        .await?;
        let (length, head): (i64, Vec<u8>) = self
            .query(
                "SELECT length, head FROM reader_chains WHERE project = $1 AND reader = $2 FOR NO KEY UPDATE",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(reader.0))
            .fetch_one()
            .await?;
        Ok((number(length, "length of a chain")?, octets(&head, "head of a chain")?))
    }

    /// The readers that have a chain, with its end.
    pub(crate) async fn reader_chains(
        &mut self,
        project: ProjectId,
    ) -> Result<Vec<(ReaderId, u64, [u8; 32])>, StoreError> {
        let rows: Vec<(i64, i64, Vec<u8>)> = self
            .query("SELECT reader, length, head FROM reader_chains WHERE project = $1 ORDER BY reader")
            .bind(project.0.as_slice())
            .fetch_all()
            .await?;
        rows.into_iter()
            .map(|(reader, length, head)| {
                let reader = ReaderId(number(reader, "reader id")?);
                Ok((reader, number(length, "length of a chain")?, octets(&head, "head of a chain")?))
            })
            .collect()
    }

    /// Notes the end of a reader's chain.
    pub(crate) async fn set_reader_chain(
        &mut self,
        project: ProjectId,
        reader: ReaderId,
        (length, head): (u64, [u8; 32]),
    ) -> Result<(), StoreError> {
        self.query("UPDATE reader_chains SET length = $3, head = $4 WHERE project = $1 AND reader = $2")
            .bind(project.0.as_slice())
            .bind(i64::from(reader.0))
            .bind(i64::try_from(length).map_err(|_| StoreError::Corrupt("length of a chain"))?)
            .bind(head.as_slice())
            .execute()
            .await?;
        Ok(())
    }

    /// What is kept of a log, which is begun if it is new.
    pub(crate) async fn reader_log(
        &mut self,
        project: ProjectId,
        reader: ReaderId,
        log: [u8; 8],
        now: UnixTime,
    ) -> Result<LogRow, StoreError> {
        self.query(
            "INSERT INTO reader_logs (project, reader, log, complete_to, newest, arrived, heard_at) \
             VALUES ($1, $2, $3, 0, 0, 0, $4) ON CONFLICT (project, reader, log) DO NOTHING",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(reader.0))
        .bind(log.as_slice())
        .bind(i64::from(now.0))
        .execute()
        .await?;
        let (complete_to, newest, arrived): (i64, i64, i64) = self
            .query(
                "SELECT complete_to, newest, arrived FROM reader_logs \
                 WHERE project = $1 AND reader = $2 AND log = $3",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(reader.0))
            .bind(log.as_slice())
            .fetch_one()
            .await?;
        Ok(LogRow {
            complete_to: number(complete_to, "number of an event")?,
            newest: number(newest, "number of an event")?,
            arrived: number(arrived, "count of events")?,
        })
    }

    /// Keeps what is known of a log.
    pub(crate) async fn set_reader_log(
        &mut self,
        project: ProjectId,
        reader: ReaderId,
        log: [u8; 8],
        row: LogRow,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE reader_logs SET complete_to = $4, newest = $5, arrived = $6, heard_at = $7 \
             WHERE project = $1 AND reader = $2 AND log = $3",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(reader.0))
        .bind(log.as_slice())
        .bind(i64::from(row.complete_to))
        .bind(i64::from(row.newest))
        .bind(i64::from(row.arrived))
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    /// What is known of the logs of a reader, the latest first.
    pub(crate) async fn reader_logs(
        &mut self,
        project: ProjectId,
        reader: ReaderId,
    ) -> Result<Vec<ReaderLog>, StoreError> {
        let rows: Vec<(Vec<u8>, i64, i64, i64, i64)> = self
            .query(
                "SELECT log, complete_to, newest, arrived, heard_at FROM reader_logs \
                 WHERE project = $1 AND reader = $2 ORDER BY heard_at DESC, log LIMIT 20",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(reader.0))
            .fetch_all()
            .await?;
        rows.into_iter()
            .map(|(log, complete_to, newest, arrived, heard_at)| {
                let (newest, arrived): (u32, u32) =
                    (number(newest, "number of an event")?, number(arrived, "count of events")?);
                Ok(ReaderLog {
                    log: hex(&log),
                    newest,
                    complete_to: number(complete_to, "number of an event")?,
                    arrived,
                    missing: newest.saturating_sub(arrived),
                    heard_at: time(heard_at)?,
                })
            })
            .collect()
    }

    /// Up to `limit` numbers of events of a log that are above `after` and have arrived, ascending.
    pub(crate) async fn event_numbers(
        &mut self,
        project: ProjectId,
        reader: ReaderId,
        log: [u8; 8],
        after: u32,
        limit: u32,
    ) -> Result<Vec<u32>, StoreError> {
        let rows: Vec<(i64,)> = self
            .query(
                "SELECT number FROM reader_events WHERE project = $1 AND reader = $2 AND log = $3 AND number > $4 \
                 ORDER BY number LIMIT $5",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(reader.0))
            .bind(log.as_slice())
            .bind(i64::from(after))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter().map(|(found,)| number(found, "number of an event")).collect()
    }

    /// Whose credential has this serial.
    pub(crate) async fn holder_of(
        &mut self,
        project: ProjectId,
        serial: Serial,
    ) -> Result<Option<Uuid>, StoreError> {
        let Ok(serial) = i64::try_from(serial.0) else { return Ok(None) };
        let row: Option<(Uuid,)> = self
            .query(
                "SELECT d.holder FROM credentials c JOIN devices d ON d.project = c.project AND d.id = c.device \
                 WHERE c.project = $1 AND c.serial = $2",
            )
            .bind(project.0.as_slice())
            .bind(serial)
            .fetch_optional()
            .await?;
        Ok(row.map(|(holder,)| holder))
    }

    pub(crate) async fn insert_reader_event(
        &mut self,
        project: ProjectId,
        reader: ReaderId,
        event: &EventRow,
    ) -> Result<(), StoreError> {
        // A serial that no credential of ours can have stays in the body.
        let serial = event.serial.and_then(|serial| i64::try_from(serial.0).ok());
        self.query(
            "INSERT INTO reader_events (project, reader, place, id, log, number, at, received_at, kind, body, serial, \
             holder, receipt, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(reader.0))
        .bind(i64::try_from(event.place).map_err(|_| StoreError::Corrupt("length of a chain"))?)
        .bind(event.id)
        .bind(event.log.as_slice())
        .bind(i64::from(event.number))
        .bind(event.at.map(|at| i64::from(at.0)))
        .bind(i64::from(event.received_at.0))
        .bind(i64::from(event.kind))
        .bind(event.body.as_slice())
        .bind(serial)
        .bind(event.user)
        .bind(event.receipt.map(ReceiptState::name))
        .bind(event.hash.as_slice())
        .execute()
        .await?;
        Ok(())
    }

    /// Up to `limit` events of a reader behind the place `after`, as they are kept.
    pub(crate) async fn reader_event_rows(
        &mut self,
        project: ProjectId,
        reader: ReaderId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        let rows = self.events_behind(project, reader, after, limit).await?;
        rows.into_iter().map(Columns::into_row).collect()
    }

    /// Up to `limit` events of a reader behind the place `after`.
    pub(crate) async fn reader_events(
        &mut self,
        project: ProjectId,
        reader: ReaderId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ReaderEvent>, StoreError> {
        let rows = self.events_behind(project, reader, after, limit).await?;
        rows.into_iter().map(Columns::into_event).collect()
    }

    async fn events_behind(
        &mut self,
        project: ProjectId,
        reader: ReaderId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Columns>, StoreError> {
        self.query(
            "SELECT reader, place, id, log, number, at, received_at, kind, body, serial, holder, receipt, hash \
             FROM reader_events WHERE project = $1 AND reader = $2 AND place > $3 ORDER BY place LIMIT $4",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(reader.0))
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all()
        .await
    }

    /// Up to `limit` events of a user's credentials behind the event `after`, in the order in which they arrived.
    pub(crate) async fn user_events(
        &mut self,
        project: ProjectId,
        user: Uuid,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<ReaderEvent>, StoreError> {
        let rows: Vec<Columns> = self
            .query(
                "SELECT reader, place, id, log, number, at, received_at, kind, body, serial, holder, receipt, hash \
                 FROM reader_events WHERE project = $1 AND holder = $2 AND id > $3 ORDER BY id LIMIT $4",
            )
            .bind(project.0.as_slice())
            .bind(user)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter().map(Columns::into_event).collect()
    }
}

impl Columns {
    fn into_row(self) -> Result<EventRow, StoreError> {
        let receipt = self.receipt.map(|name| ReceiptState::from_name(&name));
        let receipt =
            receipt.map(|state| state.ok_or(StoreError::Corrupt("state of a receipt"))).transpose()?;
        Ok(EventRow {
            place: number(self.place, "length of a chain")?,
            id: self.id,
            log: octets(&self.log, "log id")?,
            number: number(self.number, "number of an event")?,
            at: self.at.map(time).transpose()?,
            received_at: time(self.received_at)?,
            kind: number(self.kind, "kind of an event")?,
            body: self.body,
            serial: self.serial.map(|serial| number(serial, "serial").map(Serial)).transpose()?,
            user: self.holder,
            receipt,
            hash: octets(&self.hash, "hash of an event")?,
        })
    }

    fn into_event(self) -> Result<ReaderEvent, StoreError> {
        let reader = number(self.reader, "reader id")?;
        let row = self.into_row()?;
        let (event, detail) = event_in_words(row.kind, &row.body);
        Ok(ReaderEvent {
            id: row.id,
            reader,
            place: row.place,
            log: hex(&row.log),
            number: row.number,
            at: row.at,
            received_at: row.received_at,
            event,
            detail,
            serial: row.serial.map(|serial| serial.0),
            user: row.user,
            receipt: row.receipt,
        })
    }
}
