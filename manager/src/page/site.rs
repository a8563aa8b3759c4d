//! What the pages of all projects of an installation share.

use std::sync::Arc;

use webauthn_rs::prelude::Webauthn;

use super::applying::Applying;
use crate::acts::relying_party;
use crate::http::access::flood::Floods;
use crate::manager::Manager;

/// What the pages of all projects share. Clones share everything.
#[derive(Clone)]
pub(crate) struct Site {
    root: Manager,
    floods: Floods,
    applying: Applying,
}

/// The page of one project: the state of its routes.
#[derive(Clone)]
pub(crate) struct Page {
    manager: Manager,
    site: Site,
}

impl Site {
    /// The page at the address of this project.
    pub(crate) fn new(root: Manager) -> Self {
        let floods = Floods::new(Arc::clone(root.http_settings()));
        Self { root, floods, applying: Applying::default() }
    }
}

impl Page {
    pub(super) const fn new(manager: Manager, site: Site) -> Self {
        Self { manager, site }
    }

    /// The manager of the project. Handlers get at it through `access` only.
    pub(super) const fn manager(&self) -> &Manager {
        &self.manager
    }

    pub(super) const fn floods(&self) -> &Floods {
        &self.site.floods
    }

    /// The imports that are being applied.
    pub(super) const fn applying(&self) -> &Applying {
        &self.site.applying
    }

    /// Our side of passkeys, which belong to the address of the installation's first project; none if that is a number.
    pub(super) fn relying_party(&self) -> Option<Webauthn> {
        relying_party(&self.site.root.page_url(), "Ostiary")
    }
}
