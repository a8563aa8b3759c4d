//! Firmware images: from what a linker makes to what lies in a flash, and signed for an update.

use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use credential::crypto::{Point, RustCrypto, Signer, SoftwareSigner};
use object::Endianness;
use object::elf::{FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use reader_firmware::update::{BoardName, FirmwareHeader, VERSION_AT};
use sha2::{Digest, Sha256};

/// The octets of a firmware as they lie in the flash, from an ELF file.
///
/// # Errors
/// When the file cannot be read, or is no firmware.
pub fn flat(elf: &Path) -> Result<Vec<u8>> {
    let file = std::fs::read(elf).with_context(|| format!("cannot read {}", elf.display()))?;
    laid_out(&file).with_context(|| format!("{} is no firmware", elf.display()))
}

/// Where a firmware lies in the memory of its machine.
///
/// # Errors
/// When the file cannot be read, or is no firmware.
pub fn address(elf: &Path) -> Result<u32> {
    let file = std::fs::read(elf).with_context(|| format!("cannot read {}", elf.display()))?;
    let pieces = pieces(&file).with_context(|| format!("{} is no firmware", elf.display()))?;
    pieces.first().map(|(at, _)| *at).with_context(|| format!("{} is empty", elf.display()))
}

/// What is loaded, and where to, by its place.
fn pieces(file: &[u8]) -> Result<Vec<(u32, &[u8])>> {
    let header = FileHeader32::<Endianness>::parse(file)?;
    let endian = header.endian()?;
    let mut pieces = Vec::new();
    for segment in header.program_headers(endian, file)? {
        let data = segment.data(endian, file).map_err(|()| anyhow!("a segment outside the file"))?;
        if segment.p_type(endian) == PT_LOAD && !data.is_empty() {
            pieces.push((segment.p_paddr(endian), data));
        }
    }
    pieces.sort_by_key(|(at, _)| *at);
    Ok(pieces)
}

fn laid_out(file: &[u8]) -> Result<Vec<u8>> {
    let pieces = pieces(file)?;
    let start = pieces.first().context("nothing to load")?.0;
    let mut image = Vec::new();
    for (at, data) in pieces {
        let from = usize::try_from(at.saturating_sub(start))?;
        ensure!(from >= image.len(), "segments that overlap");
        image.resize(from, 0xFF);
        image.extend_from_slice(data);
    }
    Ok(image)
}

/// Writes the version into the place from which a firmware reads its own.
///
/// # Errors
/// When the image is too short for a firmware.
pub fn stamp(image: &mut [u8], version: u32) -> Result<()> {
    let place = image.get_mut(VERSION_AT..).and_then(|rest| rest.first_chunk_mut());
    *place.context("too short for a firmware")? = version.to_le_bytes();
    Ok(())
}

/// An image for a board, signed: the header, and the firmware with its version in it.
///
/// # Errors
/// When the image is too long.
pub fn signed(
    mut image: Vec<u8>,
    board: BoardName,
    version: u32,
    signer: &SoftwareSigner,
) -> Result<Vec<u8>> {
    stamp(&mut image, version)?;
    let octets = u32::try_from(image.len())?;
    let header = FirmwareHeader { board, version, octets, digest: Sha256::digest(&image).into() };
    let mut signed = header.issue(signer).map_err(|_| anyhow!("the firmware key does not sign"))?.to_vec();
    signed.append(&mut image);
    Ok(signed)
}

/// Header and firmware of a signed image.
///
/// # Errors
/// When it is none.
pub fn split(image: &[u8]) -> Result<(FirmwareHeader, &[u8], &[u8])> {
    let (header, firmware) =
        image.split_at_checked(FirmwareHeader::OCTETS).context("too short for a signed image")?;
    let fields = FirmwareHeader::decode(header).context("not a signed image")?;
    Ok((fields, header, firmware))
}

/// Whether an image is signed by this key.
pub fn is_signed_by(image: &[u8], key: &Point) -> bool {
    split(image).is_ok_and(|(fields, header, firmware)| {
        FirmwareHeader::verify(&RustCrypto, header, key).is_ok()
            && fields.digest == <[u8; 32]>::from(Sha256::digest(firmware))
    })
}

/// The firmware key in a file: 32 octets in hexadecimal.
///
/// # Errors
/// When the file cannot be read, or holds no key.
pub fn key(path: &Path) -> Result<SoftwareSigner> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let scalar = octets(text.trim()).and_then(|octets| octets.try_into().ok());
    let scalar = scalar.with_context(|| format!("{} is not 32 octets in hexadecimal", path.display()))?;
    SoftwareSigner::new(&credential::secret::Secret::new(scalar))
        .map_err(|_| anyhow!("{} is no private key", path.display()))
}

/// A point as the build of a firmware takes it.
pub fn public(signer: &SoftwareSigner) -> String {
    hexadecimal(&signer.public_key().0)
}

/// Octets as text.
pub fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn octets(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(pair).collect()
}
