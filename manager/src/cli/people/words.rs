//! How users, moments and revocations are told.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use manager::Manager;
use manager::domain::{UnixTime, User};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// The name, or the address of somebody who has none.
pub(in crate::cli) fn name(user: &User) -> String {
    user.person.full_name()
}

/// A moment in the project's time zone.
pub(in crate::cli) fn moment(manager: &Manager, time: UnixTime) -> String {
    let zone = TimeZone::get(&manager.project().time_zone).unwrap_or(TimeZone::UTC);
    match Timestamp::from_second(i64::from(time.0)) {
        Ok(timestamp) => timestamp.to_zoned(zone).strftime("%Y-%m-%d %H:%M %Z").to_string(),
        Err(_) => time.0.to_string(),
    }
}

/// The link as a QR code of characters.
pub(in crate::cli) fn picture(link: &str) -> anyhow::Result<String> {
    Ok(QrCode::new(link.as_bytes())?.render::<Dense1x2>().quiet_zone(true).build())
}
