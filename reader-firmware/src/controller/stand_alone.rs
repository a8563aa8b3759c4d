//! A door without an access control system: an allow-list and a relay.

use credential::id::UserId;
use heapless::Vec;

use crate::micros::Micros;
use crate::output::Output;
use crate::port::{ControllerEvent, ControllerLink, Relay, Taken};

/// The user IDs that a door lets in, at most `N`.
#[derive(Clone, Debug, Default)]
pub struct AllowList<const N: usize>(Vec<UserId, N>);

impl<const N: usize> AllowList<N> {
    /// A list that lets nobody in.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Lets somebody in from now on; `false` when the list is full.
    pub fn allow(&mut self, user_id: UserId) -> bool {
        self.allows(&user_id) || self.0.push(user_id).is_ok()
    }

    /// Lets somebody in no longer; `false` when the ID was not on the list.
    pub fn disallow(&mut self, user_id: &UserId) -> bool {
        let place = self.0.iter().position(|allowed| allowed == user_id);
        place.map(|place| self.0.swap_remove(place)).is_some()
    }

    /// Whether somebody is let in.
    pub fn allows(&self, user_id: &UserId) -> bool {
        self.0.contains(user_id)
    }
}

/// Whom a stand-alone door lets in.
#[derive(Clone, Debug)]
pub enum Admission<const N: usize> {
    /// Everybody whose credential is valid.
    Everybody,
    /// Those on the list.
    Listed(AllowList<N>),
}

/// Opens the door by itself.
pub struct StandAlone<R, const N: usize> {
    relay: R,
    open_ms: u32,
    admission: Admission<N>,
    opened_until: Option<Micros>,
}

impl<R: Relay, const N: usize> StandAlone<R, N> {
    /// A shut door, which stays open for `open_ms` after each tap that is let in.
    pub fn new(mut relay: R, open_ms: u32, admission: Admission<N>) -> Self {
        relay.set(false);
        Self { relay, open_ms, admission, opened_until: None }
    }

    /// Whom it lets in, to change that.
    pub const fn admission_mut(&mut self) -> &mut Admission<N> {
        &mut self.admission
    }
}

impl<R: Relay, const N: usize> ControllerLink for StandAlone<R, N> {
    /// Wants the ID as text: a list of people is not a list of bits.
    fn put_out(&mut self, output: &Output, now: Micros) -> Taken {
        let Output::Text(user_id) = output else { return Taken::WrongFormat };
        let allowed = match &self.admission {
            Admission::Everybody => true,
            Admission::Listed(list) => list.allows(user_id),
        };
        if !allowed {
            return Taken::Refused;
        }
        self.relay.set(true);
        self.opened_until = Some(now.after_ms(u64::from(self.open_ms)));
        Taken::Opened
    }

    fn poll(&mut self, now: Micros) -> Option<ControllerEvent> {
        if self.opened_until.is_some_and(|until| now >= until) {
            self.relay.set(false);
            self.opened_until = None;
        }
        None
    }

    fn poll_at(&self) -> Option<Micros> {
        self.opened_until
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[derive(Default)]
    struct Lock(Vec<bool>);

    impl Relay for Lock {
        fn set(&mut self, pulled: bool) {
            self.0.push(pulled);
        }
    }

    fn id(text: &str) -> UserId {
        UserId::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_door_opens_for_those_on_its_list_and_shuts_by_itself() {
        let mut list = AllowList::<2>::new();
        assert!(list.allow(id("1")) && list.allow(id("1")) && list.allow(id("2")) && !list.allow(id("3")));
        let mut door = StandAlone::new(Lock::default(), 3_000, Admission::Listed(list));
        assert_eq!(door.put_out(&Output::Text(id("3")), Micros(0)), Taken::Refused);
        assert_eq!(door.poll_at(), None);
        assert_eq!(door.put_out(&Output::Text(id("1")), Micros(0)), Taken::Opened);
        door.poll(Micros::from_ms(1_000));
        assert_eq!(door.put_out(&Output::Text(id("2")), Micros::from_ms(1_000)), Taken::Opened);
        door.poll(Micros::from_ms(3_999));
        assert_eq!(door.relay.0, [false, true, true]);
        door.poll(Micros::from_ms(4_000));
        assert_eq!(door.relay.0, [false, true, true, false]);
    }

    #[test]
    fn somebody_who_was_taken_off_the_list_is_not_let_in() {
        let mut list = AllowList::<2>::new();
        assert!(list.allow(id("1")) && list.disallow(&id("1")) && !list.disallow(&id("1")));
        let mut door = StandAlone::new(Lock::default(), 3_000, Admission::Listed(list));
        assert_eq!(door.put_out(&Output::Text(id("1")), Micros(0)), Taken::Refused);
    }
}
