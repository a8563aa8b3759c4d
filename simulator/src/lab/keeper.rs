//! The thread that keeps the building, and how it is asked.
//!
//! A world stands on a runtime of its own and is made for one thread, so everybody else sends what they want.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Stopwatch, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value, json};
use tokio::sync::{broadcast, oneshot};

use super::building::{Building, refused};
use super::script::Script;
use super::view;
use crate::trace::{Record, of_tap};

/// Messages that a slow page may be behind before it has to ask for everything again.
const BEHIND_MAX: usize = 1_024;

/// What is asked.
#[derive(Debug)]
pub(super) enum Ask {
    /// How everything is.
    Look,
    /// One tap, message by message.
    Tap(u64),
    /// A step is done.
    Act(Map<String, Value>),
    /// A person, a phone or a door is added.
    Add(String, Map<String, Value>),
    /// It is taken away again.
    Remove(String, String),
    /// The last step has not happened.
    Undo,
    /// Another scenario is in the place of this one.
    Load(String),
    /// How much slower than the world's own time is shown.
    Pace(u32),
    /// The scenario, as it is saved.
    Script,
    /// Everything that went over a link.
    Trace,
}

/// What is answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// What the page shows.
    Shown(Value),
    /// A text file.
    Text(String),
    /// The records of a trace.
    Records(Vec<Record>),
}

struct Request {
    ask: Ask,
    answer: oneshot::Sender<Result<Answer>>,
}

/// The way to the thread.
#[derive(Clone)]
pub(super) struct Keeper {
    requests: Sender<Request>,
    news: broadcast::Sender<News>,
}

/// What a page hears without asking.
#[derive(Clone, Debug)]
pub(super) struct News {
    /// `state` or `tap`.
    pub(super) event: &'static str,
    /// In JSON.
    pub(super) data: String,
}

impl Keeper {
    /// Builds what a script says, on a thread of its own, which ends when nobody can ask it any more.
    ///
    /// # Errors
    /// When the world refuses it.
    pub(super) fn start(script: Script, slowness: u32) -> Result<(Self, JoinHandle<()>)> {
        let (requests, asked) = channel();
        let (news, _) = broadcast::channel(BEHIND_MAX);
        let (built, is_built) = channel();
        let told = news.clone();
        // A page that was open before the lab was started anew has to know that everything is another.
        let generation = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        let keep = move || match Building::new(script, slowness, generation) {
            Ok(building) => {
                // Nobody waits for it only when the program has ended.
                let _ended = built.send(Ok(()));
                keep(building, &asked, &told);
            }
            Err(error) => {
                let _ended = built.send(Err(error));
            }
        };
        let thread = std::thread::Builder::new().name("building".to_owned()).spawn(keep)?;
        is_built.recv().context("the building's thread has ended")??;
        Ok((Self { requests, news }, thread))
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// Why it was refused.
    pub(super) async fn ask(&self, ask: Ask) -> Result<Answer> {
        let (answer, answered) = oneshot::channel();
        let ended = || anyhow!("the building has ended; start the lab again");
        self.requests.send(Request { ask, answer }).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }

    /// Everything that happens from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }
}

/// Answers, and lets taps go on, until nobody can ask any more.
fn keep(mut building: Building, asked: &Receiver<Request>, news: &broadcast::Sender<News>) {
    loop {
        let patience = building.due().map(|due| due.saturating_duration_since(Stopwatch::now()));
        let request = match patience {
            Some(Duration::ZERO) => asked.try_recv().map_err(|error| match error {
                std::sync::mpsc::TryRecvError::Empty => RecvTimeoutError::Timeout,
                std::sync::mpsc::TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            }),
            Some(patience) => asked.recv_timeout(patience),
            None => asked.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match request {
            Ok(Request { ask, answer }) => {
                let changes = !matches!(ask, Ask::Look | Ask::Tap(_) | Ask::Script | Ask::Trace);
                let answered = answered(&mut building, ask);
                if changes {
                    tell_state(&mut building, news);
                    tell_taps(&building, &building.play.world.taps_under_way(), news);
                }
                // Whoever asked may be gone by now.
                let _gone = answer.send(answered);
            }
            Err(RecvTimeoutError::Timeout) => {
                let under_way = building.play.world.taps_under_way();
                if let Err(error) = building.step_on() {
                    tell(news, "failed", &json!({ "error": format!("{error:#}") }));
                    return;
                }
                tell_taps(&building, &under_way, news);
                if under_way != building.play.world.taps_under_way() {
                    tell_state(&mut building, news);
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn answered(building: &mut Building, ask: Ask) -> Result<Answer> {
    match ask {
        Ask::Look => return Ok(Answer::Shown(view::state(building))),
        Ask::Tap(number) => {
            let tap = view::tap(&building.play.world, number);
            return Ok(Answer::Shown(tap.with_context(|| format!("there is no tap {number}"))?));
        }
        Ask::Script => return Ok(Answer::Text(building.script.text())),
        Ask::Trace => {
            return Ok(Answer::Records(building.play.world.records().iter().flat_map(of_tap).collect()));
        }
        Ask::Act(fields) => {
            let tap = building.act(fields)?;
            let facts = building.play.reports.last().map(|report| report.facts.to_json());
            return Ok(Answer::Shown(json!({ "tap": tap, "facts": facts })));
        }
        Ask::Add(kind, fields) => building.rebuild(|script| script.add(&kind, &fields))?,
        Ask::Remove(kind, name) => building.rebuild(|script| script.remove(&kind, &name))?,
        Ask::Undo => building.rebuild(|script| {
            script.remove_last_step();
            Ok(())
        })?,
        Ask::Load(text) => {
            building.replace(Script::parse(&text).map_err(refused)?)?;
        }
        Ask::Pace(slowness) => {
            building.catch_up()?;
            building.slowness = slowness;
        }
    }
    Ok(Answer::Shown(json!({})))
}

fn tell_state(building: &mut Building, news: &broadcast::Sender<News>) {
    let state = view::state(building);
    tell(news, "state", &state);
}

fn tell_taps(building: &Building, numbers: &[u64], news: &broadcast::Sender<News>) {
    for tap in numbers.iter().filter_map(|number| view::tap(&building.play.world, *number)) {
        tell(news, "tap", &tap);
    }
}

fn tell(news: &broadcast::Sender<News>, event: &'static str, value: &Value) {
    // Nobody may be looking.
    let _nobody = news.send(News { event, data: value.to_string() });
}
