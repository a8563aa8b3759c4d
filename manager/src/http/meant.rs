//! How a list in a body is meant: the mode, and which columns hold which fields.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use super::problem::Problem;
use crate::acts::{ImportOptions, Origin};
use crate::domain::{Field, Mode};
use crate::import::Mapping;

/// How the list in the body is meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PlanQuery {
    /// What the list means for those who are in it and those who are not.
    #[serde(default)]
    #[param(inline)]
    mode: Mode,
    /// The column of first names, by its name in the header or by its number, where it is not found by itself.
    first_name: Option<String>,
    /// The column of last names.
    last_name: Option<String>,
    /// The column of e-mail addresses.
    email: Option<String>,
    /// The column of IDs.
    user_id: Option<String>,
    /// The column of Sync IDs.
    sync_id: Option<String>,
}

/// How the list in the body is meant, read from the query.
pub(super) struct Meant {
    mode: Mode,
    mapping: Mapping,
}

impl Meant {
    pub(super) fn options(self, origin: Origin) -> ImportOptions {
        ImportOptions { mode: self.mode, mapping: self.mapping, origin }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Meant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query: Result<_, QueryRejection> = Query::from_request_parts(parts, state).await;
        let Query(query) = query.map_err(|rejection| Problem::request_invalid(rejection.body_text()))?;
        let PlanQuery { mode, first_name, last_name, email, user_id, sync_id } = query;
        let columns = [
            (Field::FirstName, first_name),
            (Field::LastName, last_name),
            (Field::Email, email),
            (Field::UserId, user_id),
            (Field::SyncId, sync_id),
        ];
        let named = columns.into_iter().filter_map(|(field, column)| Some((field, column?)));
        let mapping = named.fold(Mapping::default(), |mapping, (field, column)| mapping.with(field, &column));
        Ok(Self { mode, mapping })
    }
}
