//! Attacks on the real parts: what the attacker gets, and what stops it.

mod bench;
mod fake_phone;
mod fake_reader;
mod in_between;
mod relay;
mod replay;
mod tampering;
mod thief;

use anyhow::{Context, Result, bail};
use clap::Args;
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use bench::Bench;

/// Columns of the table where no terminal says how many it has.
const WIDTH: u16 = 150;

/// What is asked of an attack.
#[derive(Args, Clone, Debug)]
pub struct AttackArgs {
    /// Which attacks; all of them without a name.
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// Milliseconds by which a relay delays each answer.
    #[arg(long, value_name = "MS")]
    delay: Option<u64>,

    /// One JSON object on standard output in the place of the table.
    #[arg(long)]
    json: bool,

    /// The table of docs/SIMULATOR.md.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,

    /// Only list the attacks.
    #[arg(long)]
    list: bool,
}

/// What is set about an attack.
#[derive(Clone, Copy, Debug, Default)]
struct Orders {
    delay_ms: Option<u64>,
}

/// What came of an attack.
#[derive(Clone, Debug)]
struct Finding {
    /// What the attacker has afterwards.
    gained: String,
    /// What stopped him, or how far he can go.
    stopped: String,
    /// Whether it is as the threat model says.
    holds: bool,
    /// Whether something is left to the attacker.
    is_limited: bool,
    figures: Vec<(&'static str, u64)>,
    /// How often something was tried.
    tries: usize,
}

/// An attack.
struct Attack {
    name: &'static str,
    /// What the attacker does.
    does: &'static str,
    run: fn(&mut Bench, &Orders) -> Result<Finding>,
}

const ATTACKS: [Attack; 10] = [
    Attack {
        name: "relay",
        does: "carries messages between a phone in a pocket and a distant door",
        run: relay::attack,
    },
    Attack {
        name: "replay",
        does: "plays recorded taps to the same door, another door and the phone",
        run: replay::attack,
    },
    Attack {
        name: "man-in-the-middle",
        does: "changes every octet until the decision, one at a time, and puts in another door's certificate",
        run: in_between::changes,
    },
    Attack {
        name: "fake-reader",
        does: "asks phones with a stolen certificate without its key, and as another site, to find members",
        run: fake_reader::attack,
    },
    Attack {
        name: "fake-phone",
        does: "presents a self-made credential, and somebody else's with a key of his own",
        run: fake_phone::attack,
    },
    Attack {
        name: "ticket-theft",
        does: "uses tickets from the air and out of a phone's memory, again and elsewhere",
        run: fake_phone::tickets,
    },
    Attack {
        name: "clock-tampering",
        does: "brings doors old, foreign and changed time tokens, also after a power cut",
        run: tampering::clock,
    },
    Attack {
        name: "downgrade",
        does: "asks for other versions and suites in the place of both sides",
        run: in_between::downgrade,
    },
    Attack { name: "flooding", does: "sends garbage to a door and to a phone", run: tampering::flood },
    Attack {
        name: "stolen-reader",
        does: "has a reader with its key, and uses all that it is told and holds at another door",
        run: fake_phone::stolen_reader,
    },
];

/// Attacks; whether each came out as the threat model says.
///
/// # Errors
/// When there is no attack of a name, or the world fails.
pub fn run(args: &AttackArgs) -> Result<bool> {
    let known = || ATTACKS.iter().map(|attack| attack.name).collect::<Vec<_>>().join(", ");
    if let Some(name) = args.names.iter().find(|name| !ATTACKS.iter().any(|attack| attack.name == **name)) {
        bail!("there is no attack {name:?}; there are: {}", known());
    }
    if args.list {
        ATTACKS.iter().for_each(|attack| println!("{:<18} {}", attack.name, attack.does));
        return Ok(true);
    }
    let orders = Orders { delay_ms: args.delay };
    let chosen =
        |attack: &&Attack| args.names.is_empty() || args.names.iter().any(|name| name == attack.name);
    let mut findings = Vec::new();
    for attack in ATTACKS.iter().filter(chosen) {
        findings.push((attack, carried_out(attack, &orders)?));
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&as_json(&findings))?);
    } else if args.markdown {
        print!("{}", as_markdown(&findings));
    } else {
        println!("{}", as_table(&findings));
    }
    Ok(findings.iter().all(|(_, finding)| finding.holds))
}

/// The table of docs/SIMULATOR.md, as every run makes it.
///
/// # Errors
/// When the world fails, or an attack does not come out as the threat model says.
pub fn markdown() -> Result<String> {
    let mut findings = Vec::new();
    for attack in &ATTACKS {
        let finding = carried_out(attack, &Orders::default())?;
        anyhow::ensure!(finding.holds, "{}: {finding:?}", attack.name);
        findings.push((attack, finding));
    }
    Ok(as_markdown(&findings))
}

/// Each attack in a world of its own.
fn carried_out(attack: &Attack, orders: &Orders) -> Result<Finding> {
    let found = Bench::new().and_then(|mut bench| (attack.run)(&mut bench, orders));
    found.with_context(|| format!("attack {}", attack.name))
}

fn as_json(findings: &[(&Attack, Finding)]) -> Value {
    let attack = |(attack, finding): &(&Attack, Finding)| {
        json!({
            "name": attack.name,
            "does": attack.does,
            "tries": finding.tries,
            "gained": finding.gained,
            "stopped": finding.stopped,
            "limited": finding.is_limited,
            "figures": finding.figures.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect::<serde_json::Map<_, _>>(),
            "as_expected": finding.holds,
        })
    };
    json!({
        "ok": findings.iter().all(|(_, finding)| finding.holds),
        "attacks": findings.iter().map(attack).collect::<Vec<_>>(),
    })
}

fn as_markdown(findings: &[(&Attack, Finding)]) -> String {
    let mut text = String::from(
        "| attack | what is done | what the attacker gets | what stops it, and how far it goes |\n| --- | --- | --- | --- |\n",
    );
    for (attack, finding) in findings {
        let row =
            format!("| `{}` | {} | {} | {} |\n", attack.name, attack.does, finding.gained, finding.stopped);
        text.push_str(&row);
    }
    text
}

fn as_table(findings: &[(&Attack, Finding)]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    if !table.is_tty() {
        table.set_width(WIDTH);
    }
    table.set_header(["", "attack", "what is done", "what the attacker gets", "what stops it"]);
    for (attack, finding) in findings {
        let mark = match (finding.holds, finding.is_limited) {
            (false, _) => "WRONG",
            (true, true) => "limit",
            (true, false) => "stopped",
        };
        table.add_row([mark, attack.name, attack.does, &finding.gained, &finding.stopped]);
    }
    table
}
