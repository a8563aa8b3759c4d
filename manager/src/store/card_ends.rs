//! Cards that end, whose holders are to be told.
//!
//! Each question is a range of an index.

use uuid::Uuid;

use super::{StoreError, Transaction};
use crate::domain::{ProjectId, UnixTime};

impl Transaction {
    /// Up to `limit` cards on phones that end within `before_s` and were installed before that, of whose end the holders
    /// were not told yet.
    pub(crate) async fn ending_cards(
        &mut self,
        project: ProjectId,
        before_s: u32,
        now: UnixTime,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<(Uuid,)> = self
            .query(
                "SELECT id FROM cards WHERE project = $1 AND status = 'active' AND expires_at > $2 \
                 AND expires_at <= $2 + $3 AND installed_at < expires_at - $3 \
                 AND (near_told IS NULL OR near_told <> expires_at) ORDER BY expires_at LIMIT $4",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .bind(i64::from(before_s))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Up to `limit` cards on phones that have ended since `since`, of which the holders were not told yet.
    pub(crate) async fn ended_cards(
        &mut self,
        project: ProjectId,
        since: UnixTime,
        now: UnixTime,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<(Uuid,)> = self
            .query(
                "SELECT id FROM cards WHERE project = $1 AND status = 'active' AND expires_at > $2 \
                 AND expires_at <= $3 AND (over_told IS NULL OR over_told <> expires_at) \
                 ORDER BY expires_at LIMIT $4",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(since.0))
            .bind(i64::from(now.0))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Notes that the holder of a card was told of its end: that it is near, or over.
    pub(crate) async fn note_card_end(
        &mut self,
        project: ProjectId,
        card: Uuid,
        is_over: bool,
    ) -> Result<(), StoreError> {
        let text = if is_over {
            "UPDATE cards SET over_told = expires_at WHERE project = $1 AND id = $2"
        } else {
            "UPDATE cards SET near_told = expires_at WHERE project = $1 AND id = $2"
        };
        self.query(text).bind(project.0.as_slice()).bind(card).execute().await?;
        Ok(())
    }
}
