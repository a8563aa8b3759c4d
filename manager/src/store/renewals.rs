//! Renewals: many in one transaction, each of whose challenges is answered once.

use uuid::Uuid;

use super::devices::{DeviceColumns, device};
use super::rows::{number, octets, time};
use super::{CredentialRow, Device, StoreError, Transaction};
use crate::challenge::Mark;
use crate::domain::{ProjectId, Serial, UnixTime};

/// Values of one row of `credentials`.
const CREDENTIAL_VALUES: usize = 7;
/// Values of one row of `renewals`.
const RENEWAL_VALUES: usize = 4;
/// How many rows a statement that is kept prepared looks up or inserts.
const SIZES: [usize; 3] = [64, 8, 1];

/// A challenge that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) mark: Mark,
    pub(crate) device: Uuid,
    /// What it was answered with; `None` when it was refused.
    pub(crate) serial: Option<Serial>,
}

impl Transaction {
    /// The active devices of active users among these, which stay so until the commit.
    pub(crate) async fn renewable_devices(
        &mut self,
        project: ProjectId,
        ids: &[Uuid],
    ) -> Result<Vec<Device>, StoreError> {
        let mut found: Vec<Device> = Vec::new();
        for part in parts(ids) {
            let select = "SELECT d.id, d.holder, d.public_key, d.name, d.platform, d.status FROM devices d \
                          JOIN users u ON u.project = d.project AND u.id = d.holder WHERE d.project = $1 \
                          AND d.status = 'active' AND u.status = 'active' AND d.id IN";
            let mut query = self.query_in(select, part.len(), " FOR SHARE").bind(project.0.as_slice());
            for id in part {
                query = query.bind(*id);
            }
            let rows: Vec<DeviceColumns> = query.fetch_all().await?;
            for row in rows {
                found.push(device(row)?);
            }
        }
        Ok(found)
    }

    /// Those among these devices that have a card.
    pub(crate) async fn devices_with_card(
        &mut self,
        project: ProjectId,
        devices: &[Uuid],
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut found = Vec::new();
        for part in parts(devices) {
            let select = "SELECT device FROM cards WHERE project = $1 AND device IN";
            let mut query = self.query_in(select, part.len(), "").bind(project.0.as_slice());
            for device in part {
                query = query.bind(*device);
            }
            let rows: Vec<(Uuid,)> = query.fetch_all().await?;
            found.extend(rows.into_iter().map(|(device,)| device));
        }
        Ok(found)
    }

    /// Those of these challenges that were answered.
    pub(crate) async fn answered(
        &mut self,
        project: ProjectId,
        marks: &[Mark],
    ) -> Result<Vec<Answered>, StoreError> {
        let mut found = Vec::new();
        for part in parts(marks) {
            let select = "SELECT mark, device, serial FROM renewals WHERE project = $1 AND mark IN";
            let mut query = self.query_in(select, part.len(), "").bind(project.0.as_slice());
            for mark in part {
                query = query.bind(mark.0.as_slice());
            }
            let rows: Vec<(Vec<u8>, Uuid, Option<i64>)> = query.fetch_all().await?;
            for (mark, device, serial) in rows {
                let serial = serial.map(|serial| number(serial, "serial").map(Serial)).transpose()?;
                found.push(Answered { mark: Mark(octets(&mark, "renewal")?), device, serial });
            }
        }
        Ok(found)
    }

    /// Keeps what challenges were answered with, one row for each challenge ever.
    pub(crate) async fn insert_answered(
        &mut self,
        project: ProjectId,
        answered: &[Answered],
    ) -> Result<(), StoreError> {
        let insert = "INSERT INTO renewals (project, mark, device, serial)";
        for part in parts(answered) {
            let mut query = self.query_rows(insert, part.len(), RENEWAL_VALUES, true);
            for Answered { mark, device, serial } in part {
                let serial = serial.map(|Serial(serial)| i64::try_from(serial)).transpose();
                let serial = serial.map_err(|_| StoreError::Corrupt("serial"))?;
                query = query.bind(project.0.as_slice()).bind(mark.0.as_slice()).bind(*device).bind(serial);
            }
            query.execute().await?;
        }
        Ok(())
    }

    pub(crate) async fn insert_credentials(
        &mut self,
        project: ProjectId,
        credentials: &[CredentialRow],
    ) -> Result<(), StoreError> {
        let insert =
            "INSERT INTO credentials (project, serial, device, not_before, not_after, issued_at, octets)";
        for part in parts(credentials) {
            let mut query = self.query_rows(insert, part.len(), CREDENTIAL_VALUES, true);
            for credential in part {
                let serial = i64::try_from(credential.serial.0).map_err(|_| StoreError::Corrupt("serial"))?;
                query = query.bind(project.0.as_slice()).bind(serial).bind(credential.device);
                query =
                    query.bind(i64::from(credential.not_before.0)).bind(i64::from(credential.not_after.0));
                query = query.bind(i64::from(credential.issued_at.0)).bind(credential.octets.as_slice());
            }
            query.execute().await?;
        }
        Ok(())
    }

    /// The credential of this serial, unless it was revoked.
    pub(crate) async fn credential(
        &mut self,
        project: ProjectId,
        serial: Serial,
    ) -> Result<Option<CredentialRow>, StoreError> {
        let row: Option<(Uuid, i64, i64, i64, Vec<u8>)> = self
            .query(
                "SELECT device, not_before, not_after, issued_at, octets FROM credentials \
                 WHERE project = $1 AND serial = $2 AND revoked_at IS NULL",
            )
            .bind(project.0.as_slice())
            .bind(i64::try_from(serial.0).map_err(|_| StoreError::Corrupt("serial"))?)
            .fetch_optional()
            .await?;
        row.map(|(device, not_before, not_after, issued_at, octets)| {
            let (not_before, not_after, issued_at) = (time(not_before)?, time(not_after)?, time(issued_at)?);
            Ok(CredentialRow { serial, device, not_before, not_after, issued_at, octets })
        })
        .transpose()
    }

    /// Reserves `count` serials, of which the last is given; they are never given out twice.
    pub(crate) async fn reserve_serials(
        &mut self,
        project: ProjectId,
        count: u32,
    ) -> Result<u64, StoreError> {
        let reserve = self.query(
            "UPDATE serials SET last_serial = last_serial + $2 WHERE project = $1 RETURNING last_serial",
        );
        let (last,) = reserve.bind(project.0.as_slice()).bind(i64::from(count)).fetch_one().await?;
        number(last, "serial")
    }

    /// Forgets answers to challenges that have expired.
    pub(crate) async fn forget_answered(
        &mut self,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let forget = self.query("DELETE FROM renewals WHERE project = $1 AND mark < $2");
        forget.bind(project.0.as_slice()).bind(Mark::first_at(now).0.to_vec()).execute().await?;
        Ok(())
    }
}

/// Pieces of a few sizes only, so that there are few statements to keep prepared.
fn parts<T>(mut all: &[T]) -> Vec<&[T]> {
    let mut parts = Vec::new();
    for size in SIZES {
        while let Some((part, rest)) = all.split_at_checked(size).filter(|(part, _)| !part.is_empty()) {
            parts.push(part);
            all = rest;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_few_sizes_and_leave_nothing_out() {
        let all: Vec<usize> = (0..146).collect();
        let parts = parts(&all);
        let sizes: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        assert_eq!(sizes, [64, 64, 8, 8, 1, 1]);
        assert_eq!(parts.concat(), all);
    }
}
