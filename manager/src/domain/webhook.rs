//! Endpoints that are told what happens, and where each telling stands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ids::UnixTime;

/// Endpoints that a project has at most.
pub const WEBHOOKS_MAX: usize = 20;

/// An endpoint, as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Webhook {
    /// Names the endpoint.
    pub id: Uuid,
    /// Where events are posted to.
    pub url: String,
    /// What it is for, for people.
    pub description: String,
    /// The events that it is told of; `all` is every event.
    #[schema(value_type = Vec<String>)]
    pub events: Vec<&'static str>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Why it is told nothing.
    pub off_because: Option<OffBecause>,
    /// Since when.
    #[schema(value_type = Option<u32>)]
    pub off_at: Option<UnixTime>,
    /// Since when every attempt failed; null while the last one did not.
    #[schema(value_type = Option<u32>)]
    pub failing_since: Option<UnixTime>,
    /// When it was added.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
    /// When it was last edited.
    #[schema(value_type = u32)]
    pub updated_at: UnixTime,
}

/// Why an endpoint is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OffBecause {
    /// An administrator turned it off.
    Administrator,
    /// It failed for too long.
    Failing,
    /// It said that it is gone.
    Gone,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits for its first attempt.
    Queued,
    /// The endpoint took it.
    Delivered,
    /// The endpoint did not take it, and is tried again.
    Deferred,
    /// It was given up.
    Failed,
}

impl OffBecause {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Administrator, Self::Failing, Self::Gone];

    /// The name in the store and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    /// Undoes [`OffBecause::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Delivered, Self::Deferred, Self::Failed];

    /// The name in the store and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
        }
    }

    /// Undoes [`DeliveryState::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}
