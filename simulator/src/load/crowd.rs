//! The phones, and what they do online.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use credential::ble::segment::AttMtu;
use credential::iso7816::FrontEnd;
use credential::object::Presence;
use credential::time::UnixTime;
use credential::transport::Transport;
use manager::domain::User;
use phone_sdk::port::{HttpClient, HttpFailure, HttpRequest, HttpResponse, TlsClient};
use phone_sdk::{Invitation, Wallet};
use reader_firmware::door::Arrival;
use uuid::Uuid;

use super::progress::Progress;
use super::workers::share;
use crate::at_once::ATT_MTU;
use crate::handset::Handset;
use crate::world::{LinkKind, PhoneClock, Seeds, WorldClock, in_memory};

/// Connections to the manager at a time. A phone waits for the manager most of the time that it is online.
const LINES: usize = 16;

/// A phone, and what is known of who carries it.
pub(super) struct Carried {
    pub(super) user: Uuid,
    pub(super) user_id: String,
    pub(super) wallet: Wallet,
    /// The first second at which its credential is no longer valid.
    pub(super) valid_until: UnixTime,
    /// The version of the list that says that it is revoked.
    pub(super) on_list: Option<u32>,
    /// Whether it still has a network.
    pub(super) online: bool,
    link: LinkKind,
}

/// The lines to the manager that phones share.
pub(super) struct Lines(Vec<Arc<Line>>);

/// What phones have done online in a night.
#[derive(Clone, Debug, Default)]
pub(super) struct Online {
    /// Credentials that were renewed.
    pub(super) renewed: usize,
    /// Reports of doors that have arrived.
    pub(super) delivered: usize,
    /// Renewals that failed, in words.
    pub(super) failed: Vec<String>,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self((0..LINES).map(|_| Arc::default()).collect())
    }

    /// Phones without a card, one for each user.
    pub(super) fn phones(&self, users: Vec<User>, clock: &WorldClock, seeds: &Seeds) -> Result<Vec<Carried>> {
        let share = share_of_a_line(users.len());
        let phone = |((number, user), link): ((usize, User), &LinkKind)| {
            let line = self.0.get(number.checked_div(share).unwrap_or(0)).context("a line")?;
            let user_id = user.person.user_id;
            let wallet = in_memory(&user_id, line.clone(), PhoneClock::new(clock.clone()), seeds)?;
            let valid_until = UnixTime(0);
            Ok(Carried {
                user: user.id,
                user_id,
                wallet,
                valid_until,
                on_list: None,
                online: true,
                link: *link,
            })
        };
        users.into_iter().enumerate().zip(LINKS.iter().cycle()).map(phone).collect()
    }

    /// Opens all invitations, each on its phone.
    pub(super) fn activate(
        &self,
        phones: &mut [Carried],
        links: &[String],
        progress: &Progress,
    ) -> Result<()> {
        let share_each = share_of_a_line(phones.len());
        let shares = phones.chunks_mut(share_each).zip(links.chunks(share_each));
        share(LINES, shares, |(phones, links)| {
            for (phone, link) in phones.iter_mut().zip(links) {
                phone.wallet.activate(&Invitation::from_link(link)?)?;
                phone.look_at_card()?;
                progress.done(1);
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Every phone with a network does what is due: renews, fetches lists and time, takes reports along.
    pub(super) fn upkeep(&self, phones: &mut [Carried], progress: &Progress) -> Result<Online> {
        // Nobody keeps a connection for a day.
        self.0.iter().for_each(|line| line.hang_up());
        let share_each = share_of_a_line(phones.len());
        let done = share(LINES, phones.chunks_mut(share_each), |phones| {
            let mut online = Online::default();
            for phone in phones {
                if phone.online {
                    phone.upkeep(&mut online)?;
                }
                progress.done(1);
            }
            Ok(online)
        })?;
        Ok(done.into_iter().fold(Online::default(), Online::and))
    }
}

impl Carried {
    /// The phone's end of a tap, and how it comes to the door.
    pub(super) fn at_door(&self) -> Result<(Handset, Arrival)> {
        Ok(match self.link {
            LinkKind::Nfc => (Handset::nfc(&self.wallet, Presence::None), Arrival::Nfc(FrontEnd::SHORT)),
            LinkKind::Ble => {
                (Handset::ble(&self.wallet, Presence::None), Arrival::Gatt(AttMtu::new(ATT_MTU)?))
            }
            LinkKind::L2cap => {
                (Handset::stream(&self.wallet, Presence::None, Transport::BleL2cap), Arrival::L2cap)
            }
            LinkKind::Tcp => (Handset::stream(&self.wallet, Presence::None, Transport::Tcp), Arrival::Tcp),
        })
    }

    fn upkeep(&mut self, online: &mut Online) -> Result<()> {
        let report = self.wallet.renew_due()?;
        online.renewed = online.renewed.saturating_add(report.renewed.len());
        online.delivered = online.delivered.saturating_add(report.delivered);
        let failed = |error| format!("the phone of {} could not renew: {error}", self.user_id);
        online.failed.extend(report.failed.into_iter().map(|(_, error)| failed(error)));
        self.look_at_card()
    }

    fn look_at_card(&mut self) -> Result<()> {
        let card = self.wallet.cards().into_iter().next().context("a phone has a card")?;
        self.valid_until = card.validity.context("a card opens doors")?.not_after;
        Ok(())
    }
}

impl Online {
    fn and(mut self, other: Self) -> Self {
        self.renewed = self.renewed.saturating_add(other.renewed);
        self.delivered = self.delivered.saturating_add(other.delivered);
        self.failed.extend(other.failed);
        self
    }
}

/// The links that phones use, in turn.
const LINKS: [LinkKind; 3] = [LinkKind::Nfc, LinkKind::Ble, LinkKind::L2cap];

/// How many phones share a line.
fn share_of_a_line(phones: usize) -> usize {
    phones.div_ceil(LINES).max(1)
}

/// A line to the manager: one connection for the phones that share it.
#[derive(Default)]
struct Line(Mutex<TlsClient>);

impl Line {
    fn hang_up(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = TlsClient::new();
    }
}

impl HttpClient for Line {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpFailure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).send(request)
    }
}
