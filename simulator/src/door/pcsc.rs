//! Cards in a PC/SC reader: a phone at a USB reader, or a virtual card.

use std::ffi::{CStr, CString};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use credential::iso7816::FrontEnd;
use pcsc::{
    Context, Disposition, Error, MAX_BUFFER_SIZE_EXTENDED, Protocols, ReaderState, Scope, ShareMode, State,
};
use reader_firmware::door::Arrival;
use serde_json::{Value, json};

use super::Work;
use super::served::ServedDoor;

/// How long is waited before a reader that is gone is looked for again.
const RETRY: Duration = Duration::from_secs(1);

/// Serves one card after another; a reader that is unplugged, or a daemon that ends, is waited for.
pub(super) fn serve(name: &str, work: &Sender<Work>) {
    let mut last_said = String::new();
    loop {
        let Err(error) = read(name, work, &mut last_said) else { return };
        let reason = format!("{error:#}");
        if reason != last_said {
            let event = json!({ "event": "link-down", "link": "PC/SC", "reason": reason });
            if work.send(Work::Say(event)).is_err() {
                return;
            }
            last_said = reason;
        }
        thread::sleep(RETRY);
    }
}

/// Reads until the reader is gone, or nobody wants to know any more.
fn read(name: &str, work: &Sender<Work>, last_said: &mut String) -> Result<()> {
    let context = Context::establish(Scope::User).context("no PC/SC daemon answers")?;
    let reader = find(&context, name)?;
    let link = reader.to_string_lossy().into_owned();
    if work.send(Work::Say(json!({ "event": "link-up", "link": link }))).is_err() {
        return Ok(());
    }
    last_said.clear();
    let mut states = [ReaderState::new(reader.clone(), State::UNAWARE)];
    loop {
        context.get_status_change(None, &mut states).context("the reader is gone")?;
        let [state] = &mut states;
        let (before, now) = (state.current_state(), state.event_state());
        anyhow::ensure!(!now.intersects(State::UNKNOWN | State::UNAVAILABLE), "the reader is gone");
        state.sync_current_state();
        // A card that was served stays what it is until it is taken out.
        if before.contains(State::PRESENT) || !now.contains(State::PRESENT) || now.contains(State::MUTE) {
            continue;
        }
        let reader = reader.clone();
        if work.send(Work::Tap(Box::new(move |door| tap(door, &reader)))).is_err() {
            return Ok(());
        }
    }
}

fn find(context: &Context, name: &str) -> Result<CString> {
    let readers = match context.list_readers_owned() {
        Err(Error::NoReadersAvailable) => Vec::new(),
        readers => readers.context("the PC/SC daemon lists no readers")?,
    };
    let fits = |reader: &CString| reader.to_string_lossy().contains(name);
    let known = || readers.iter().map(|reader| reader.to_string_lossy()).collect::<Vec<_>>().join(", ");
    readers.iter().find(|reader| fits(reader)).cloned().with_context(|| match readers.is_empty() {
        true => "no reader is connected".to_owned(),
        false => format!("no reader is called {name:?}; there are: {}", known()),
    })
}

/// One tap, in a context of its own: one that waits for a reader does nothing else.
fn tap(door: &mut ServedDoor, reader: &CStr) -> Vec<Value> {
    let connected = Context::establish(Scope::User)
        .and_then(|context| context.connect(reader, ShareMode::Exclusive, Protocols::ANY));
    // A card may be gone before its turn comes.
    let Ok(card) = connected else { return Vec::new() };
    let mut out = Vec::new();
    let mut visit = door.visit(Arrival::Nfc(FrontEnd::SHORT), &mut out);
    let mut buffer = vec![0; MAX_BUFFER_SIZE_EXTENDED];
    while !visit.is_over() {
        let Some(apdu) = out.pop() else { break };
        // However the card leaves, the door has seen what it has seen.
        let Ok(response) = card.transmit(&apdu, &mut buffer) else { break };
        visit.received(response, &mut out);
    }
    let events = visit.leave();
    let _gone = card.disconnect(Disposition::UnpowerCard);
    events
}
