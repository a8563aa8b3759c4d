//! An OSDP reader on a socket, which reads what stands on its input: `text ID` or `w26 ID`, a line each.
//!
//! `osdp_reader SOCKET [KEY]` with the key in hexadecimal; without one it waits to be commissioned.
#![expect(clippy::print_stdout, reason = "a program that speaks")]

mod line;

use std::error::Error;
use std::io::BufRead;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, TryRecvError};
use std::time::{Duration, Instant};

use credential::id::UserId;
use credential::object::{IdBase, OutputFormat, Parity, Wiegand};
use credential::secret::Secret;
use reader_firmware::controller::osdp::{OsdpLink, OsdpSettings};
use reader_firmware::micros::Micros;
use reader_firmware::output::Output;
use reader_firmware::port::ControllerLink;

use line::Line;

const W26: Wiegand =
    Wiegand { base: IdBase::Decimal, bits: 26, facility_bits: 8, facility: 17, parity: Parity::EvenOdd };

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let socket = arguments.next().ok_or("give the socket of the line")?;
    let key = arguments.next().map(|hex| key(&hex)).transpose()?;
    let line = UnixStream::connect(socket)?;
    line.set_nonblocking(true)?;
    let began = Instant::now();
    let now = || Micros(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    let settings = OsdpSettings { address: 101, baud_rate: 115_200, serial: 7, key };
    let mut link = OsdpLink::new(settings, Box::new(Line(line)), now())?;
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        while let Some(event) = link.poll(now()) {
            println!("{event:?}");
        }
        if let Some(key) = link.take_new_key() {
            println!("key {}", key.expose().iter().map(|octet| format!("{octet:02x}")).collect::<String>());
        }
        match lines.try_recv() {
            Ok(line) => println!("{:?}", link.put_out(&output(&line)?, now())),
            Err(TryRecvError::Empty) => std::thread::sleep(Duration::from_millis(2)),
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
    }
}

fn output(line: &str) -> Result<Output, Box<dyn Error>> {
    let (format, user_id) = line.split_once(' ').ok_or("a line is a format and an ID")?;
    let format = match format {
        "text" => OutputFormat::Text,
        "w26" => OutputFormat::Wiegand(W26),
        _ => return Err("the formats are text and w26".into()),
    };
    Ok(Output::new(format, &UserId::new(user_id.as_bytes()).map_err(|_| "not a user ID")?)?)
}

fn key(hex: &str) -> Result<Secret<16>, Box<dyn Error>> {
    let key = u128::from_str_radix(hex, 16)?;
    Ok(Secret::new(key.to_be_bytes()))
}
