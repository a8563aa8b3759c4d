//! Words of readers and of the audit log.

use super::Row;

pub(super) const ROWS: &[Row] = &[
    (
        "A reader is enrolled at its door, where its key is made: with the command of its maker, or without hardware:",
        "Ein Leser wird an seiner Tür aufgenommen, wo sein Schlüssel entsteht: mit dem Befehl seines Herstellers oder ohne Hardware:",
    ),
    ("Audit log", "Protokoll"),
    ("Certificate good until", "Zertifikat gilt bis"),
    ("Configuration", "Konfiguration"),
    ("Configuration handed out", "Konfiguration ausgegeben"),
    ("Details", "Einzelheiten"),
    ("Enrolled", "Aufgenommen"),
    ("No reader is enrolled yet", "Noch ist kein Leser aufgenommen"),
    ("Nothing is found.", "Nichts gefunden."),
    (
        "Nothing yet: phones bring what a reader has to report.",
        "Noch nichts: Telefone bringen, was ein Leser zu melden hat.",
    ),
    ("Number", "Nummer"),
    ("Place", "Ort"),
    ("Readers", "Leser"),
    ("Revoke", "Sperren"),
    ("Revoke this reader for good?", "Diesen Leser endgültig sperren?"),
    (
        "Revoked: phones no longer answer it once they have the new list.",
        "Gesperrt: Telefone antworten ihm nicht mehr, sobald sie die neue Liste haben.",
    ),
    (
        "The log holds: {} entries, none changed, removed or added.",
        "Das Protokoll ist unversehrt: {} Einträge, keiner geändert, entfernt oder hinzugefügt.",
    ),
    ("To whom or what", "An wem oder was"),
    ("Verify the whole log", "Das ganze Protokoll prüfen"),
    ("What it reported", "Was er gemeldet hat"),
    ("What was done", "Was getan wurde"),
    ("When", "Wann"),
    ("Who", "Wer"),
    ("to the user", "zum Benutzer"),
    ("waits to be fetched", "wartet auf Abholung"),
    (
        "{} events are missing: lost by the reader, or still on a phone.",
        "{} Ereignisse fehlen: vom Leser verloren oder noch auf einem Telefon.",
    ),
    ("started", "gestartet"),
    ("granted", "geöffnet"),
    ("denied", "abgewiesen"),
    ("list_taken", "Sperrliste übernommen"),
    ("time_taken", "Zeit übernommen"),
    ("configuration_taken", "Konfiguration übernommen"),
    ("failed", "fehlgeschlagen"),
    ("tamper", "Sabotagekontakt"),
    ("self_test", "Selbsttest"),
    ("unknown", "unbekannt"),
];
