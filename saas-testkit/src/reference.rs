//! Files that are written from the code.

use std::path::Path;

/// Asserts that a file holds this text, or writes it there when `UPDATE_REFERENCE` is set.
///
/// It is for files that are made from code and kept beside it, such as the migration that
/// [`Module::ddl`](saas_tenancy::Module::ddl) writes.
///
/// # Panics
///
/// When the file holds something else; it says how to write it anew.
#[track_caller]
pub fn assert_reference(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(path, text).expect("the reference file can be written");
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == text,
        "{} is not what the code says; run the test with UPDATE_REFERENCE=1 and look at the difference",
        path.display()
    );
}
