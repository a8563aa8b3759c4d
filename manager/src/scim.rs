//! SCIM 2.0 (RFC 7643, RFC 7644): users as an identity provider sees them, without HTTP and without SQL.

pub(crate) mod discovery;
mod error;
mod filter;
mod patch;
mod path;
mod resource;

pub(crate) use error::{ScimError, ScimType};
pub(crate) use filter::{Filter, IndexedField, indexed};
pub(crate) use patch::apply as apply_patch;
pub(crate) use resource::{Draft, Record, attribute, resource, selected, version};

/// The schema of users.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The extension that carries the user ID, as `employeeNumber`.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
