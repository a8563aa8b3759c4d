//! Devices and their credentials.

use uuid::Uuid;

use super::rows::{number, octets, time};
use super::{StoreError, Transaction};
use crate::domain::{ProjectId, Serial, UnixTime};

/// A device that redeemed an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) id: Uuid,
    pub(crate) user: Uuid,
    pub(crate) public_key: [u8; 33],
    pub(crate) name: String,
    pub(crate) platform: String,
    pub(crate) is_revoked: bool,
}

/// A credential as it was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CredentialRow {
    pub(crate) serial: Serial,
    pub(crate) device: Uuid,
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    pub(crate) issued_at: UnixTime,
    pub(crate) octets: Vec<u8>,
}

pub(super) type DeviceColumns = (Uuid, Uuid, Vec<u8>, String, String, String);

impl Transaction {
    pub(crate) async fn insert_device(
        &mut self,
        project: ProjectId,
        device: &Device,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO devices (project, id, holder, public_key, name, platform, status, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, 'active', $7)",
        )
        .bind(project.0.as_slice())
        .bind(device.id)
        .bind(device.user)
        .bind(device.public_key.as_slice())
        .bind(&device.name)
        .bind(&device.platform)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn device(
        &mut self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<Option<Device>, StoreError> {
        let row: Option<DeviceColumns> = self.query(
            "SELECT id, holder, public_key, name, platform, status FROM devices WHERE project = $1 AND id = $2",
        )
        .bind(project.0.as_slice())
        .bind(id)
        .fetch_optional()
        .await?;
        row.map(device).transpose()
    }

    /// Revokes the devices of a user for good; how many there were.
    pub(crate) async fn revoke_devices(
        &mut self,
        project: ProjectId,
        user: Uuid,
        now: UnixTime,
    ) -> Result<u64, StoreError> {
        let done = self
            .query(
                "UPDATE devices SET status = 'revoked', revoked_at = $3, told_at = NULL \
             WHERE project = $1 AND holder = $2 AND status = 'active'",
            )
            .bind(project.0.as_slice())
            .bind(user)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(done)
    }

    pub(crate) async fn insert_credential(
        &mut self,
        project: ProjectId,
        credential: &CredentialRow,
    ) -> Result<(), StoreError> {
        let serial = i64::try_from(credential.serial.0).map_err(|_| StoreError::Corrupt("serial"))?;
        self.query(
            "INSERT INTO credentials (project, serial, device, not_before, not_after, issued_at, octets) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(project.0.as_slice())
        .bind(serial)
        .bind(credential.device)
        .bind(i64::from(credential.not_before.0))
        .bind(i64::from(credential.not_after.0))
        .bind(i64::from(credential.issued_at.0))
        .bind(credential.octets.as_slice())
        .execute()
        .await?;
        Ok(())
    }

    /// The credential that a device was given last, unless it was revoked: that of a user who was suspended meanwhile is.
    pub(crate) async fn newest_credential(
        &mut self,
        project: ProjectId,
        device: Uuid,
    ) -> Result<Option<CredentialRow>, StoreError> {
        let row: Option<(i64, i64, i64, i64, Vec<u8>)> = self
            .query(
                "SELECT serial, not_before, not_after, issued_at, octets FROM credentials \
             WHERE project = $1 AND device = $2 AND revoked_at IS NULL \
             ORDER BY not_before DESC, serial DESC LIMIT 1",
            )
            .bind(project.0.as_slice())
            .bind(device)
            .fetch_optional()
            .await?;
        row.map(|(serial, not_before, not_after, issued_at, octets)| {
            Ok(CredentialRow {
                serial: Serial(number(serial, "serial")?),
                device,
                not_before: time(not_before)?,
                not_after: time(not_after)?,
                issued_at: time(issued_at)?,
                octets,
            })
        })
        .transpose()
    }

    /// Marks the credentials of a user as revoked that have not expired; their serials, ascending.
    ///
    /// The user is locked first, so that no renewal beside this one goes unseen.
    pub(crate) async fn revoke_credentials(
        &mut self,
        project: ProjectId,
        user: Uuid,
        now: UnixTime,
    ) -> Result<Vec<Serial>, StoreError> {
        self.lock_user(project, user).await?;
        let rows: Vec<(i64,)> = self.query(
            "UPDATE credentials SET revoked_at = $3 WHERE project = $1 AND revoked_at IS NULL AND not_after > $3 \
             AND device IN (SELECT id FROM devices WHERE project = $1 AND holder = $2) RETURNING serial",
        )
        .bind(project.0.as_slice())
        .bind(user)
        .bind(i64::from(now.0))
        .fetch_all()
        .await?;
        let mut serials = rows
            .into_iter()
            .map(|(serial,)| number(serial, "serial").map(Serial))
            .collect::<Result<Vec<_>, _>>()?;
        serials.sort_unstable();
        Ok(serials)
    }
}

pub(super) fn device(
    (id, user, public_key, name, platform, status): DeviceColumns,
) -> Result<Device, StoreError> {
    let public_key = octets(&public_key, "device key")?;
    Ok(Device { id, user, public_key, name, platform, is_revoked: status != "active" })
}
