//! What a reader reported, as the manager reads it.

use credential::id::{LogId, ReaderId};
use credential::report::{Entry, Event, ReportContents, write_head};

/// Room for what is written again: longer than any input.
const ROOM: usize = 1 << 20;

/// Never panics; what decodes comes out again octet for octet, and its numbers ascend.
pub fn report(octets: &[u8]) {
    let Ok(contents) = ReportContents::decode(octets) else { return };
    let mut again = vec![0; ROOM];
    let LogId(log) = contents.log;
    let rest = write_head(contents.log, contents.oldest, &mut again).unwrap();
    let (mut length, mut below) = (0, contents.oldest - 1);
    for entry in contents.entries() {
        assert!(entry.sequence > below, "numbers ascend");
        below = entry.sequence;
        length += written(&entry, &mut rest[length..]);
        if let Event::GrantedFull(evidence) = &entry.event
            && let Some(receipt) = evidence.receipt(ReaderId(7))
        {
            assert_eq!(receipt.credential.as_slice(), evidence.credential);
        }
    }
    assert!(length > 0, "there is no report without an entry");
    assert_eq!((&again[..8], &again[..12 + length]), (&log[..], octets));
}

fn written(entry: &Entry<'_>, room: &mut [u8]) -> usize {
    let length = entry.encode(room).unwrap();
    let (again, rest) = Entry::decode(&room[..length]).unwrap();
    assert!(rest.is_empty() && again == *entry);
    length
}
