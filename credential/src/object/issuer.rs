//! The issuer keys that a verifier trusts.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::crypto::Point;
use crate::id::{IssuerIndex, ProjectId};
use crate::limits::ISSUER_KEYS_MAX;

/// One of a project's public keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerKey {
    /// The index that signed objects name.
    pub index: IssuerIndex,
    /// The public key.
    pub point: Point,
}

/// Up to 4 issuer keys of one project: more than one while keys rotate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKeys {
    project: ProjectId,
    keys: Vec<IssuerKey, ISSUER_KEYS_MAX>,
}

impl IssuerKeys {
    /// The keys of `project`.
    ///
    /// Returns `None` for no key, more than 4 keys, or two of the same index.
    pub fn new(project: ProjectId, keys: &[IssuerKey]) -> Option<Self> {
        let mut held = Self { project, keys: Vec::new() };
        for key in keys {
            if held.key(key.index).is_some() {
                return None;
            }
            held.keys.push(*key).ok()?;
        }
        if held.keys.is_empty() { None } else { Some(held) }
    }

    /// The project whose keys these are.
    pub const fn project(&self) -> ProjectId {
        self.project
    }

    /// All keys, in the order given.
    pub fn keys(&self) -> &[IssuerKey] {
        &self.keys
    }

    pub(crate) fn find(&self, project: ProjectId, index: IssuerIndex) -> Option<&Point> {
        if project == self.project { self.key(index) } else { None }
    }

    fn key(&self, index: IssuerIndex) -> Option<&Point> {
        self.keys.iter().find(|key| key.index == index).map(|key| &key.point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn key(index: u8) -> IssuerKey {
        IssuerKey { index: IssuerIndex(index), point: Point([2; 33]) }
    }

    #[test]
    fn a_project_has_1_to_4_keys_of_different_index() {
        let project = ProjectId([1; 8]);
        assert!(IssuerKeys::new(project, &[]).is_none());
        assert!(IssuerKeys::new(project, &[key(0), key(1), key(2), key(3)]).is_some());
        assert!(IssuerKeys::new(project, &[key(0), key(1), key(2), key(3), key(4)]).is_none());
        assert!(IssuerKeys::new(project, &[key(0), key(0)]).is_none());
    }

    #[test]
    fn a_key_is_found_by_project_and_index_together() {
        let keys = IssuerKeys::new(ProjectId([1; 8]), &[key(3)]).unwrap();
        assert!(keys.find(ProjectId([1; 8]), IssuerIndex(3)).is_some());
        assert!(keys.find(ProjectId([2; 8]), IssuerIndex(3)).is_none());
        assert!(keys.find(ProjectId([1; 8]), IssuerIndex(0)).is_none());
    }
}
