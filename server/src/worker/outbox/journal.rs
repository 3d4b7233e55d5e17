//! Outcomes on the disk before they are in the database: a few bytes over a file that is there already, where a
//! transaction of SQLite is ten times the work. The database follows in larger steps, and at the next start after a
//! crash ([`recover`]). Only beside an embedded database: it has one process, and the file lies beside it.
//!
//! A record is its length and its CRC-32 (both 32 bits, little-endian) and that much JSON: the time in milliseconds, and
//! id, fence, answer and (of an endpoint) duration of each delivery that was taken. A length of 0 ends the file's content. A record that is read
//! once too often changes nothing: its fences are gone.

use std::{
    fs::File,
    io::{self, BufReader, Read as _},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::Arc,
};

use domain::clock::Timestamp;
use store::{Engine, Taken, Tx};

use crate::state::App;

/// Bytes of the file: tens of thousands of outcomes.
const SIZE: u64 = 4 << 20;
/// Length and checksum.
const HEAD: usize = 8;
/// The end of what is there.
const END: [u8; 4] = [0; 4];

/// A file of outcomes that are not in the database yet.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    /// Where the next record goes.
    end: u64,
}

impl Journal {
    /// The journal of an embedded database; none: there is no such database, or no such file can be had.
    pub(super) fn of(app: &App) -> Option<Self> {
        let path = (app.store.engine() == Engine::Sqlite).then(|| app.config.outcomes_path())?;
        match Self::open(&path) {
            Ok(journal) => Some(journal),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "outbox: no journal; every outcome goes into the database at once");
                None
            }
        }
    }

    /// Opens it, empty, and gives it its size: writing over what is there costs less than making a file grow.
    ///
    /// # Errors
    /// Those of the file system.
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        let mut journal = Self { file, end: 0 };
        if journal.file.metadata()?.len() < SIZE {
            journal.file.write_all_at(&vec![0; usize::try_from(SIZE).unwrap_or_default()], 0)?;
            journal.file.sync_all()?;
            if let Some(dir) = path.parent() {
                File::open(dir)?.sync_all()?;
            }
        }
        journal.wipe();
        Ok(journal)
    }

    /// Puts outcomes on the disk; false: there is no room before those at hand are in the database.
    ///
    /// # Errors
    /// Those of the file system: then nothing is known to be on the disk.
    pub(super) fn append(&mut self, taken: &[Taken]) -> io::Result<bool> {
        let body = serde_json::to_vec(taken)?;
        let mut record = Vec::with_capacity(HEAD + body.len() + END.len());
        record.extend(u32::try_from(body.len()).map_err(io::Error::other)?.to_le_bytes());
        record.extend(crc32fast::hash(&body).to_le_bytes());
        record.extend(body);
        let next = self.end + record.len() as u64;
        record.extend(END);
        if next + END.len() as u64 > SIZE {
            return Ok(false);
        }
        self.file.write_all_at(&record, self.end)?;
        self.file.sync_data()?;
        self.end = next;
        Ok(true)
    }

    /// Begins anew: everything in it is in the database. If the disk never hears of this, nothing is wrong.
    pub(super) fn wipe(&mut self) {
        if self.file.write_all_at(&END, 0).is_ok() {
            self.end = 0;
        }
    }
}

/// What a journal holds, up to the first record that is not whole.
fn read(path: &Path) -> Vec<Taken> {
    let Ok(file) = File::open(path) else { return Vec::new() };
    let mut file = BufReader::new(file);
    let mut all = Vec::new();
    while let Some(mut taken) = record(&mut file) {
        all.append(&mut taken);
    }
    all
}

fn record(file: &mut impl io::Read) -> Option<Vec<Taken>> {
    let mut number = [0; 4];
    file.read_exact(&mut number).ok()?;
    let len = u64::from(u32::from_le_bytes(number));
    file.read_exact(&mut number).ok()?;
    let mut body = Vec::new();
    (len > 0 && len <= SIZE).then(|| file.take(len).read_to_end(&mut body).ok())??;
    (crc32fast::hash(&body) == u32::from_le_bytes(number)).then(|| serde_json::from_slice(&body).ok())?
}

/// Brings what the journal of a dead process holds into the database; how many outcomes that were. To be called before
/// its leases are freed.
///
/// # Errors
/// When the database fails.
pub(crate) async fn recover(app: &App, tx: &mut Tx) -> store::Result<u64> {
    if app.store.engine() != Engine::Sqlite {
        return Ok(0);
    }
    let taken = read(&app.config.outcomes_path());
    if taken.is_empty() { Ok(0) } else { tx.finish_delivered(&taken).await }
}

/// An outcome as the journal and the database take it.
pub(super) fn taken(id: i64, fence: &Arc<str>, answer: &str, at: Timestamp, took_ms: Option<i64>) -> Taken {
    Taken { id, fence: fence.to_string(), answer: answer.to_owned(), at: at.millis(), took_ms }
}

#[cfg(test)]
mod tests {
    use store::testing::TestDir;

    use super::*;

    fn outcomes(ids: std::ops::Range<i64>) -> Vec<Taken> {
        ids.map(|id| {
            taken(
                id,
                &"owner.claim".into(),
                "250 2.0.0 Ok: queued as \"x\"",
                Timestamp::from_millis(id),
                None,
            )
        })
        .collect()
    }

    #[test]
    fn what_was_appended_is_read_until_it_is_wiped() {
        let dir = TestDir::new();
        let path = dir.path().join("outcomes");
        assert!(read(&path).is_empty(), "there is no file");
        let mut journal = Journal::open(&path).unwrap();
        assert!(read(&path).is_empty());
        assert!(journal.append(&outcomes(0..3)).unwrap());
        assert!(journal.append(&outcomes(3..4)).unwrap());
        assert_eq!(read(&path), outcomes(0..4));
        journal.wipe();
        assert!(read(&path).is_empty());
        assert!(journal.append(&outcomes(9..10)).unwrap());
        assert_eq!(read(&path), outcomes(9..10), "and nothing of before");
        drop(journal);
        drop(Journal::open(&path).unwrap());
        assert!(read(&path).is_empty(), "whoever opens it has read it");
    }

    #[test]
    fn a_torn_record_ends_it_and_takes_nothing_else_along() {
        let dir = TestDir::new();
        let path = dir.path().join("outcomes");
        let mut journal = Journal::open(&path).unwrap();
        journal.append(&outcomes(0..2)).unwrap();
        let whole = journal.end;
        journal.append(&outcomes(2..5)).unwrap();
        for at in whole..journal.end {
            let mut byte = [0];
            journal.file.read_exact_at(&mut byte, at).unwrap();
            journal.file.write_all_at(&[byte[0] ^ 0x40], at).unwrap();
            assert_eq!(read(&path), outcomes(0..2), "byte {at} is wrong");
            journal.file.write_all_at(&byte, at).unwrap();
        }
        assert_eq!(read(&path), outcomes(0..5));
        journal.file.set_len(journal.end - 1).unwrap();
        assert_eq!(read(&path), outcomes(0..2), "cut off");
    }

    #[test]
    fn a_full_one_says_so_and_goes_on_when_it_is_wiped() {
        let dir = TestDir::new();
        let path = dir.path().join("outcomes");
        let mut journal = Journal::open(&path).unwrap();
        let mut count = 0;
        while journal.append(&outcomes(count..count + 5_000)).unwrap() {
            count += 5_000;
        }
        assert!(count >= 20_000, "{count}");
        assert_eq!(read(&path), outcomes(0..count));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), SIZE);
        journal.wipe();
        assert!(journal.append(&outcomes(0..5_000)).unwrap());
    }
}
