//! What happens, in its order, and what must come of it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use credential::reader::{DenyReason, Path as TapPath};
use manager::domain::{Actor, User};
use phone_sdk::port::TlsClient;
use tokio::runtime::Runtime;

use super::building::Building;
use super::narrator::Narrator;
use super::people::People;
use super::phone::DemoPhone;
use super::report::{Report, TapRow};
use super::tap::{self, Over};

/// Longer than a credential lives.
const EIGHT_DAYS_S: u32 = 8 * 86_400;

/// A tap and what must come of it.
struct Scene {
    occasion: &'static str,
    over: Over,
    path: TapPath,
    denied: Option<DenyReason>,
}

const ARRIVALS: [Scene; 3] = [
    Scene { occasion: "first tap", over: Over::Nfc, path: TapPath::Full, denied: None },
    Scene { occasion: "second tap", over: Over::Nfc, path: TapPath::Fast, denied: None },
    Scene { occasion: "third tap", over: Over::Ble, path: TapPath::Fast, denied: None },
];

const REVOKED: Scene = Scene {
    occasion: "after revocation",
    over: Over::Nfc,
    path: TapPath::Full,
    denied: Some(DenyReason::Revoked),
};

const EXPIRED: Scene = Scene {
    occasion: "eight days later",
    over: Over::Nfc,
    path: TapPath::Full,
    denied: Some(DenyReason::Expired),
};

/// Tells the whole story.
pub(super) fn tell(
    runtime: &Runtime,
    building: &mut Building,
    people: &People,
    narrator: &Narrator,
    dir: &Path,
) -> Result<Report> {
    let mut stage =
        Stage { runtime, building, http: Arc::new(TlsClient::new()), rows: Vec::new(), failures: Vec::new() };
    let (first, last) = stage.everybody_arrives(people, narrator, &dir.join("phones"))?;
    let (mut first, mut last) = (first.context("nobody came")?, last);
    let revoked = runtime.block_on(stage.building.manager().revoke_user(Actor::Operator, first.user.id))?;
    let version = stage.building.take_revocation_list(runtime)?;
    narrator.chapter(&format!(
        "{} is revoked: {} on list {version}, which the door has taken",
        first.name(),
        count(revoked.serials.len(), "serial"),
    ));
    if stage.building.cut_power(runtime)? {
        narrator.chapter(
            "The door's power is cut: what it was enrolled with and what it was told is in its flash",
        );
    }
    stage.play(&REVOKED, &mut first)?;
    first.deliver_reports()?;
    let expired = last.as_mut().unwrap_or(&mut first);
    stage.building.door.wait(EIGHT_DAYS_S)?;
    narrator.chapter(&format!(
        "Eight days pass at the door, and the phone of {} was never online",
        expired.name()
    ));
    stage.play(&EXPIRED, expired)?;
    expired.deliver_reports()?;
    stage.building.look_at_board()?;
    let board = stage.building.footprint;
    let Stage { building, rows, mut failures, .. } = stage;
    let reported = runtime.block_on(building.reported())?;
    if reported.taps != rows.len() {
        failures.push(format!("the manager knows of {} taps, not of {}", reported.taps, rows.len()));
    }
    let expected_taps = people.users.len().saturating_mul(ARRIVALS.len()).saturating_add(2);
    let ok = failures.is_empty() && rows.len() == expected_taps;
    Ok(Report {
        ok,
        directory: dir.display().to_string(),
        board,
        reported: reported.taps,
        proven: reported.proven,
        taps: rows,
        failures,
    })
}

struct Stage<'s> {
    runtime: &'s Runtime,
    building: &'s mut Building,
    /// The network, as all phones have it.
    http: Arc<TlsClient>,
    rows: Vec<TapRow>,
    failures: Vec<String>,
}

impl Stage<'_> {
    /// Invites, activates and taps for each; gives back the first and, if there is another, the last one's phone.
    fn everybody_arrives(
        &mut self,
        people: &People,
        narrator: &Narrator,
        phones: &Path,
    ) -> Result<(Option<DemoPhone>, Option<DemoPhone>)> {
        let bar = narrator.progress(people.users.len());
        let (mut first, mut last) = (None, None);
        for (index, user) in people.users.iter().enumerate() {
            bar.set_message(format!("{} {}", user.person.first_name, user.person.last_name));
            let mut phone = self.activate(user, &phones.join(format!("{:05}", index.saturating_add(1))))?;
            for scene in &ARRIVALS {
                self.play(scene, &mut phone)?;
            }
            phone.deliver_reports()?;
            if first.is_none() {
                first = Some(phone);
            } else {
                last = Some(phone);
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        let invited = count(people.users.len(), "person").replace("persons", "people");
        narrator.chapter(&format!("{invited} invited, activated over HTTP, and tapped three times each"));
        Ok((first, last))
    }

    fn activate(&self, user: &User, dir: &Path) -> Result<DemoPhone> {
        let invitation = self.runtime.block_on(self.building.manager().invite(Actor::Operator, user.id))?;
        DemoPhone::activate(dir, user, &invitation.link, self.http.clone())
            .with_context(|| format!("the phone of {} was not activated", user.person.user_id))
    }

    /// Plays one tap and holds it against what must come of it.
    fn play(&mut self, scene: &Scene, phone: &mut DemoPhone) -> Result<()> {
        let row = tap::play(self.building, phone, scene.over, scene.occasion)?;
        if let Some(failure) = scene.failure(&row) {
            self.failures.push(format!("{}, {} over {}: {failure}", row.name, row.occasion, row.transport));
        }
        self.rows.push(row);
        Ok(())
    }
}

impl Scene {
    /// What differs from what must be.
    fn failure(&self, row: &TapRow) -> Option<String> {
        let (pairs_max, octets_max) = match self.path {
            TapPath::Full => (3, 600),
            TapPath::Fast => (2, 312),
        };
        let denied = self.denied.map(|reason| reason.to_string());
        let decision = if denied.is_some() { "deny" } else { "grant" };
        let told = denied.clone().unwrap_or_else(|| "grant".to_owned());
        let path = crate::output::path_name(self.path);
        let checks = [
            (row.decision == decision, format!("the decision is {}, not {decision}", row.decision)),
            (row.reason == denied, format!("the reason is {:?}, not {denied:?}", row.reason)),
            (row.path == Some(path), format!("the path is {:?}, not {path}", row.path)),
            (row.pairs <= pairs_max, format!("{} pairs, not at most {pairs_max}", row.pairs)),
            (row.octets <= octets_max, format!("{} octets, not at most {octets_max}", row.octets)),
            (row.output.is_some() == denied.is_none(), format!("the output is {:?}", row.output)),
            (row.carries_user, format!("the output is {:?}, not that of {}", row.output, row.user)),
            (
                row.phone_told.as_ref() == Some(&told),
                format!("the phone was told {:?}, not {told}", row.phone_told),
            ),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map(|(_, failure)| failure)
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
