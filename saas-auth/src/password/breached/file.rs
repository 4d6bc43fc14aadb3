//! A list of breached passwords in a file.
//!
//! The file is what the downloader of Have I Been Pwned writes: a line for each password with its
//! SHA-1 in hexadecimal, a colon and a number, sorted by the digest. It has some 40 GB and stays where
//! it is: a search reads about forty lines, most of them from the cache of the system.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;

use super::{BreachedError, BreachedPasswords, Sha1Digest};

/// The longest line, with its end.
const LINE: u64 = 64;
/// How many places are looked at when the file is opened.
const SAMPLES: u64 = 64;

/// Breached passwords in a file that is sorted by their SHA-1, such as the download of Have I Been
/// Pwned.
///
/// Every search opens the file, so that a newer one can be moved into its place.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use saas_auth::{BreachedFile, Error, InvalidPassword, PasswordConfig, Passwords};
/// use saas_core::{KeyRing, Secret};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("pwned.txt");
/// std::fs::write(&path, "AFB5FB77E6A7D3B5D7A3B84E1AFE8D5D5CB1A9D9:12\n")?;
/// let list = BreachedFile::open(&path)?;
/// let passwords = Passwords::new(&PasswordConfig::default(), &KeyRing::generate()?)?
///     .with_breached(Arc::new(list));
/// let chosen = passwords.check(&Secret::from("a horse, a battery, a staple"), &[]).await;
/// assert!(chosen.is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct BreachedFile {
    path: Arc<Path>,
}

impl BreachedFile {
    /// Looks whether the file can be read and is sorted, at 64 places. It reads the file on the thread
    /// it is called on.
    ///
    /// # Errors
    ///
    /// [`BreachedError`] says what is wrong with it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, BreachedError> {
        let path: PathBuf = path.into();
        let mut list = List::open(&path).map_err(BreachedError::new)?;
        list.check().map_err(BreachedError::new)?;
        Ok(Self { path: path.into() })
    }
}

#[async_trait]
impl BreachedPasswords for BreachedFile {
    async fn contains(&self, digest: &Sha1Digest) -> Result<bool, BreachedError> {
        let path = Arc::clone(&self.path);
        let digest = Sha1Digest(digest.0.clone());
        let search = move || List::open(&path)?.contains(digest.expose());
        let searched = tokio::task::spawn_blocking(search);
        let searched = searched.await.map_err(BreachedError::new)?;
        searched.map_err(BreachedError::new)
    }
}

struct List {
    file: File,
    length: u64,
}

struct Line {
    start: u64,
    /// Where the next line starts.
    end: u64,
    digest: [u8; 20],
}

impl List {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    fn check(&mut self) -> io::Result<()> {
        let mut last = self.line_from(0)?.ok_or_else(|| malformed("is empty"))?;
        for sample in 1..=SAMPLES {
            // Divided first: nothing overflows, and the last sample is near the end.
            let Some(line) = self.line_from(self.length / SAMPLES * sample)? else {
                break;
            };
            if line.start > last.start && line.digest <= last.digest {
                return Err(malformed("is not sorted by the digests"));
            }
            last = line;
        }
        Ok(())
    }

    fn contains(&mut self, digest: &[u8; 20]) -> io::Result<bool> {
        // INVARIANT: a line with the digest starts from `low` and before `high`.
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.line_from(middle)? {
                Some(line) if line.start < high => match line.digest.cmp(digest) {
                    std::cmp::Ordering::Equal => return Ok(true),
                    std::cmp::Ordering::Less => low = line.end,
                    std::cmp::Ordering::Greater => high = middle,
                },
                _ => high = middle,
            }
        }
        Ok(false)
    }

    /// The first line that starts there or later.
    fn line_from(&mut self, place: u64) -> io::Result<Option<Line>> {
        // From the byte before, which may be the end of a line.
        let from = place.saturating_sub(1);
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(from))?;
        let mut part = io::Read::by_ref(&mut self.file).take(2 * LINE);
        part.read_to_end(&mut bytes)?;
        let skipped = match place {
            0 => Some(0),
            _ => bytes
                .iter()
                .position(|byte| *byte == b'\n')
                .map(|at| at + 1),
        };
        let is_end = from + (bytes.len() as u64) >= self.length;
        let rest = match skipped.and_then(|at| bytes.get(at..)) {
            None | Some([]) if is_end => return Ok(None),
            None | Some([]) => return Err(malformed("has a line that is too long")),
            Some(rest) => rest,
        };
        let start = from + (bytes.len() - rest.len()) as u64;
        let length = rest.iter().position(|byte| *byte == b'\n');
        let length = match length {
            Some(at) => at + 1,
            None if is_end => rest.len(),
            None => return Err(malformed("has a line that is too long")),
        };
        let digest = rest.get(..length).and_then(digest_of);
        Ok(Some(Line {
            start,
            end: start + length as u64,
            digest: digest.ok_or_else(|| malformed("has a line without a digest"))?,
        }))
    }
}

/// The digest at the start of a line, which ends with it or goes on with a colon.
fn digest_of(line: &[u8]) -> Option<[u8; 20]> {
    let line = line.trim_ascii_end();
    let (digits, rest) = line.split_at_checked(40)?;
    if !matches!(rest, [] | [b':', ..]) {
        return None;
    }
    let mut digest = [0; 20];
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        let mut digits = pair.iter().map(|digit| char::from(*digit).to_digit(16));
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(digest)
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the list of breached passwords {what}"),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use saas_core::Secret;

    use super::*;

    fn list(text: &str) -> (tempfile::NamedTempFile, List) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let list = List::open(file.path()).unwrap();
        (file, list)
    }

    fn written(digests: &BTreeSet<[u8; 20]>, ending: &str) -> String {
        let line = |(n, digest): (usize, &[u8; 20])| {
            let hex: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
            // The numbers make lines of different lengths.
            format!("{hex}:{}{ending}", 10_u64.pow(n as u32 % 9))
        };
        digests.iter().enumerate().map(line).collect()
    }

    fn digest() -> impl Strategy<Value = [u8; 20]> {
        // Few different bytes, so that neighbours have much in common.
        prop::array::uniform20(prop_oneof![Just(0_u8), Just(255), any::<u8>()])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn finds_what_is_listed_and_nothing_else(
            digests in prop::collection::btree_set(digest(), 1..100),
            others in prop::collection::vec(digest(), 1..20),
            ending in prop_oneof![Just("\n"), Just("\r\n")],
            is_cut in any::<bool>(),
        ) {
            let text = written(&digests, ending);
            let text = if is_cut { text.trim_end() } else { &text };
            let (_file, mut list) = list(text);
            list.check().unwrap();
            for digest in &digests {
                prop_assert!(list.contains(digest).unwrap());
            }
            for other in others {
                prop_assert_eq!(list.contains(&other).unwrap(), digests.contains(&other));
            }
        }

        #[test]
        fn any_bytes_are_searched_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..2_000), looked_for in digest()) {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), bytes).unwrap();
            let mut list = List::open(file.path()).unwrap();
            let _ = (list.check(), list.contains(&looked_for));
        }
    }

    #[test]
    fn refuses_a_file_that_is_no_sorted_list() {
        let digests = (0..=255).map(|byte| [byte; 20]).collect();
        let sorted = written(&digests, "\n");
        let reversed: Vec<_> = sorted.lines().rev().collect();
        for (text, reason) in [
            (String::new(), "is empty"),
            (reversed.join("\n"), "is not sorted"),
            ("password\n123456\n".to_owned(), "without a digest"),
            (sorted.replace(':', ""), "without a digest"),
            (format!("{}{sorted}", "A".repeat(1000)), "too long"),
        ] {
            let (file, _) = list(&text);
            let error = BreachedFile::open(file.path()).unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(cause.contains(reason), "{cause}, not {reason}");
        }
        assert!(BreachedFile::open("/nowhere/pwned.txt").is_err());
    }

    #[tokio::test]
    async fn a_newer_file_counts_at_once_and_a_missing_one_is_an_error() {
        let digest = Sha1Digest::of(&Secret::from("the password"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), written(&[[7; 20]].into(), "\r\n")).unwrap();
        let breached = BreachedFile::open(file.path()).unwrap();
        assert!(!breached.contains(&digest).await.unwrap());
        let both = [[7; 20], *digest.expose()].into();
        std::fs::write(file.path(), written(&both, "\r\n")).unwrap();
        assert!(breached.contains(&digest).await.unwrap());
        file.close().unwrap();
        assert!(breached.contains(&digest).await.is_err());
    }
}
