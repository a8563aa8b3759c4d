//! A serial line to a board: commands out, reports in.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use reader_firmware::serial::{Command, FrameReader, Numbered, Report, Trouble};

/// For how long a board may compute in silence.
const PATIENCE: Duration = Duration::from_secs(20);

/// The board has started while a command was under way.
#[derive(Clone, Copy, Debug)]
pub struct BegunAnew;

impl std::fmt::Display for BegunAnew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the board has begun anew")
    }
}

impl std::error::Error for BegunAnew {}

/// A serial line to a board.
pub struct SerialLine {
    out: Box<dyn Write + Send>,
    octets: Receiver<Vec<u8>>,
    reader: FrameReader,
    /// What has come and has not been read.
    waiting: Vec<u8>,
    number: u8,
    patience: Duration,
}

impl SerialLine {
    /// A line of two directions; a thread reads until the line ends.
    pub fn new(out: impl Write + Send + 'static, mut input: impl Read + Send + 'static) -> Self {
        let (sender, octets) = channel();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = input.read(&mut piece) {
                if sender.send(piece.get(..count).unwrap_or_default().to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            out: Box::new(out),
            octets,
            reader: FrameReader::new(),
            waiting: Vec::new(),
            number: 0,
            patience: PATIENCE,
        }
    }

    /// Gives a command and waits until it is carried out; `hear` gets what the board says meanwhile.
    ///
    /// # Errors
    /// When the board refuses, says nothing, or has begun anew.
    pub fn call(&mut self, command: Command<'_>, hear: &mut dyn FnMut(Report<'_>)) -> Result<()> {
        // 0 is for reports that answer no command.
        self.number = self.number.checked_add(1).unwrap_or(1);
        let number = self.number;
        let mut frame = Vec::new();
        Numbered { number, content: command }
            .send(&mut |octet| frame.push(octet))
            .map_err(|_| anyhow!("a command that cannot be encoded"))?;
        self.out
            .write_all(&frame)
            .and_then(|()| self.out.flush())
            .context("the line to the board is gone")?;
        let began = Instant::now();
        loop {
            let mut end = None;
            self.read(began, &mut |said, report| match report {
                Report::Done if said == number => end = Some(Ok(())),
                Report::Refused(trouble) if said == number || said == 0 => end = Some(Err(words(trouble))),
                Report::Started => end = Some(Err(BegunAnew.into())),
                // What is late for a command before this one is for nobody.
                _ if said == number || said == 0 => hear(report),
                _ => {}
            })?;
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// Waits until the board says that it has started.
    ///
    /// # Errors
    /// When it does not.
    pub fn await_start(&mut self) -> Result<()> {
        let began = Instant::now();
        let mut started = false;
        while !started {
            self.read(began, &mut |_, report| started = report == Report::Started)?;
        }
        Ok(())
    }

    /// How long the board may be silent, for those who know that it will be.
    pub const fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Sends octets that are no frame: noise, for tests.
    ///
    /// # Errors
    /// When the line is gone.
    pub fn disturb(&mut self, noise: &[u8]) -> Result<()> {
        Ok(self.out.write_all(noise).and_then(|()| self.out.flush())?)
    }

    /// Reads one report, unless the board has been silent for too long since `began`.
    fn read(&mut self, began: Instant, hear: &mut dyn FnMut(u8, Report<'_>)) -> Result<()> {
        loop {
            if self.waiting.is_empty() {
                let left = self.patience.saturating_sub(began.elapsed());
                self.waiting = match self.octets.recv_timeout(left) {
                    Ok(octets) => octets,
                    Err(RecvTimeoutError::Timeout) => bail!("the board does not answer"),
                    Err(RecvTimeoutError::Disconnected) => bail!("the board is gone"),
                };
            }
            let mut taken = 0_usize;
            for octet in &self.waiting {
                taken = taken.saturating_add(1);
                let Some(content) = self.reader.push(*octet) else { continue };
                if let Ok(Numbered { number, content }) = Numbered::decode(content) {
                    hear(number, content);
                    self.waiting.drain(..taken);
                    return Ok(());
                }
            }
            self.waiting.clear();
        }
    }
}

fn words(trouble: Trouble<'_>) -> anyhow::Error {
    match trouble {
        Trouble::Unreadable => anyhow!("the board could not read the command"),
        Trouble::Unsupported => anyhow!("the board does not do that"),
        Trouble::Unseeded => anyhow!("the board's random source waits for its seed"),
        Trouble::NotEnrolled => anyhow!("the board is not enrolled"),
        Trouble::Busy => anyhow!("another device is at the door"),
        Trouble::Object(why) => anyhow!("the board refuses it: {why}"),
        Trouble::Update(why) => anyhow!("the board does not take the firmware: {why}"),
        Trouble::Storage(why) => anyhow!("the board's flash: {why}"),
    }
}
