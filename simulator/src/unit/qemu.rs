//! QEMU as a microcontroller: its serial line is a pipe, its flash is a file.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::SerialLine;
use super::firmware::{address, flat};

/// Where `cargo build --release` in the board's package leaves the firmware.
pub const FIRMWARE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../reader-firmware/boards/qemu-mps2-an386/target/thumbv7em-none-eabihf/release/qemu-mps2-an386"
);

/// The same with P-256 in assembler, from `cargo build --release --features cross-check --target-dir target/assembler`.
pub const FIRMWARE_ASSEMBLER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../reader-firmware/boards/qemu-mps2-an386/target/assembler/thumbv7em-none-eabihf/release/qemu-mps2-an386"
);

/// The firmware that compares the two backends, from the same command.
pub const FIRMWARE_CROSS_CHECK: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../reader-firmware/boards/qemu-mps2-an386/target/assembler/thumbv7em-none-eabihf/release/cross-check"
);

/// Where in the flash the firmware lies that runs, and how long it may be.
const FIRMWARE_AT: u64 = 256 * 1024;
const FIRMWARE_MAX: usize = 128 * 1024;

/// Octets of the flash, both slots included.
const FLASH: usize = 516 * 1024;

/// Octets of the memory that the machine maps from a file; the flash is its beginning.
const MAPPED: u64 = 16 * 1024 * 1024;

/// The boot loader lies beside the firmware, under this name.
pub const BOOT_LOADER: &str = "bootloader";

/// Where the processor starts.
const RESET: u32 = 0;

/// One instruction is 2^6 ns, so that what is counted is the same in every run.
const COUNTING: &str = "shift=6,sleep=on";

/// A machine with its power on; dropping it cuts the power.
pub struct Qemu {
    child: Child,
    firmware: PathBuf,
    image: PathBuf,
}

impl Qemu {
    /// Starts the machine with this flash and the boot loader that was built with the firmware.
    ///
    /// An image that is not there is made, erased; one without a firmware gets this one, as at the factory. One that
    /// has a firmware keeps it: what runs is then changed by updates. A firmware that lies where the processor starts is
    /// started there, without a boot loader, and is no part of the image.
    ///
    /// # Errors
    /// When there is no QEMU, no firmware, or no room for the image.
    pub fn start(firmware: &Path, image: &Path) -> Result<(Self, SerialLine)> {
        ensure!(
            firmware.is_file(),
            "there is no firmware {}; build it with `cargo build --release` in reader-firmware/boards/qemu-mps2-an386",
            firmware.display()
        );
        if !image.exists() {
            erased(image).with_context(|| format!("cannot make {}", image.display()))?;
        }
        let mut kernel = firmware.to_owned();
        if address(firmware)? != RESET {
            equip(image, firmware)
                .with_context(|| format!("cannot put a firmware into {}", image.display()))?;
            kernel.set_file_name(BOOT_LOADER);
        }
        let mut backend =
            OsString::from(format!("memory-backend-file,id=psram,share=on,size={MAPPED},mem-path="));
        // QEMU takes a comma as the end of a path unless it is doubled.
        backend.push(image.to_str().context("the image's path is not text")?.replace(',', ",,"));
        let mut child = Command::new("qemu-system-arm")
            .args(["-M", "mps2-an386,memory-backend=psram", "-nographic", "-monitor", "none"])
            .args(["-chardev", "stdio,id=line,signal=off", "-serial", "chardev:line", "-icount", COUNTING])
            .arg("-object")
            .arg(backend)
            .arg("-kernel")
            .arg(kernel)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context(
                "cannot start qemu-system-arm; install it, on Debian with `apt-get install qemu-system-arm`",
            )?;
        let (out, input) = child.stdin.take().zip(child.stdout.take()).context("QEMU without a line")?;
        let mut line = SerialLine::new(out, input);
        let machine = Self { child, firmware: firmware.to_owned(), image: image.to_owned() };
        line.await_start()?;
        Ok((machine, line))
    }

    /// Cuts the power, as with `kill -9`, and starts again from what is in the flash.
    ///
    /// # Errors
    /// As [`Qemu::start`].
    pub fn restart(mut self) -> Result<(Self, SerialLine)> {
        self.child.kill().and_then(|()| self.child.wait()).context("cannot end QEMU")?;
        Self::start(&self.firmware, &self.image)
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// Puts a firmware where the boot loader starts it, unless there is one.
fn equip(image: &Path, firmware: &Path) -> Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(image)?;
    let mut head = [0; 4];
    file.seek(SeekFrom::Start(FIRMWARE_AT))?;
    file.read_exact(&mut head)?;
    if head != [0; 4] && head != [0xFF; 4] {
        return Ok(());
    }
    let octets = flat(firmware)?;
    ensure!(octets.len() <= FIRMWARE_MAX, "{} is longer than its slot", firmware.display());
    file.seek(SeekFrom::Start(FIRMWARE_AT))?;
    Ok(file.write_all(&octets)?)
}

fn erased(image: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(image)?;
    file.write_all(&[0xFF; FLASH])?;
    file.set_len(MAPPED)
}
