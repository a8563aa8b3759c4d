//! Enrolment with a manager, over its API.

use anyhow::{Context, Result, bail};
use base64ct::{Base64UrlUnpadded, Encoding};
use manager::domain::Presence;
use serde::Deserialize;
use serde_json::json;

use super::{Demand, DoorArgs};
use crate::unit::DoorUnit;

#[derive(Deserialize)]
struct Enrolled {
    configuration: String,
}

#[derive(Deserialize)]
struct Problem {
    title: String,
    detail: Option<String>,
}

/// Has the manager sign a certificate for the door's key; the configuration that it seals comes back, taken.
pub(super) fn enrol(unit: &mut dyn DoorUnit, args: &DoorArgs) -> Result<Vec<u8>> {
    let (Some(manager), Some(token)) = (&args.manager, &args.token) else {
        bail!(
            "this door is not enrolled: give --manager ADDRESS and --token TOKEN (or OSTIARY_TOKEN) this once"
        );
    };
    let presence = match args.presence {
        Demand::None => Presence::None,
        Demand::Unlocked => Presence::Unlocked,
        Demand::Verified => Presence::Verified,
    };
    let public_key = unit.public_key()?;
    let request = json!({
        "name": args.name,
        "public_key": Base64UrlUnpadded::encode_string(&public_key.0),
        "presence": presence,
        "output": args.output.format(),
    });
    let url = format!("{}/v1/readers", manager.trim_end_matches('/'));
    let agent = agent();
    let answer = agent
        .post(&url)
        .header("authorization", &format!("Bearer {token}"))
        .content_type("application/json")
        .send(request.to_string());
    let mut answer = answer.with_context(|| format!("cannot reach the manager at {manager}"))?;
    let body = answer.body_mut().read_to_vec()?;
    if answer.status() != 201 {
        let problem = serde_json::from_slice(&body).map(|problem: Problem| match problem.detail {
            Some(detail) => format!("{} {detail}", problem.title),
            None => problem.title,
        });
        bail!("the manager refuses: {}", problem.unwrap_or_else(|_| answer.status().to_string()));
    }
    let enrolled: Enrolled = serde_json::from_slice(&body).context("the answer is not one of a manager")?;
    let sealed = Base64UrlUnpadded::decode_vec(&enrolled.configuration);
    let sealed = sealed.context("the answer is not one of a manager")?;
    unit.configure(&sealed)?;
    Ok(sealed)
}

/// A public object of the project; `None` if it cannot be had.
pub(super) fn fetch(manager: &str, path: &str) -> Option<Vec<u8>> {
    let url = format!("{}{path}", manager.trim_end_matches('/'));
    let mut answer = agent().get(&url).call().ok()?;
    if answer.status() == 200 { answer.body_mut().read_to_vec().ok() } else { None }
}

fn agent() -> ureq::Agent {
    let timeout = Some(std::time::Duration::from_secs(30));
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(timeout).proxy(None);
    ureq::Agent::new_with_config(config.build())
}
