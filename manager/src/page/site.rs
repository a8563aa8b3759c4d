//! What the pages of all projects of an installation share.

use std::sync::Arc;

use webauthn_rs::prelude::Webauthn;

use crate::acts::relying_party;
use crate::http::access::flood::Floods;
use crate::manager::Manager;

/// What the pages of all projects share. Clones share everything.
#[derive(Clone)]
pub(crate) struct Site {
    root: Manager,
    floods: Floods,
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
        Self { root, floods }
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

    /// Our side of passkeys, which belong to the address of the installation's first project; none if that is a number.
    pub(super) fn relying_party(&self) -> Option<Webauthn> {
        relying_party(&self.site.root.page_url(), "Ostiary")
    }
}
