//! What an object store keeps: names are texts, `..` is a name like any other, and a condition is judged
//! in the same step as the write.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use s3s::{
    S3Result,
    dto::{ETag, Timestamp},
    s3_error,
};

/// All buckets and unfinished uploads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) buckets: HashMap<String, BTreeMap<String, Object>>,
    pub(crate) uploads: HashMap<String, BTreeMap<i32, Bytes>>,
    changes: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) bytes: Bytes,
    version: u64,
}

/// What has to hold for a write.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    pub(crate) absent: bool,
    pub(crate) matches: Option<String>,
}

impl Shelf {
    pub(crate) fn open(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap()
    }

    pub(crate) fn make_bucket(&self, name: &str) {
        self.open().buckets.entry(name.to_owned()).or_default();
    }

    /// Gives the names of all objects.
    pub(crate) fn names(&self, bucket: &str) -> Vec<String> {
        self.open().buckets[bucket].keys().cloned().collect()
    }

    pub(crate) fn unfinished(&self) -> usize {
        self.open().uploads.len()
    }
}

impl Contents {
    pub(crate) fn bucket(&mut self, name: &str) -> S3Result<&mut BTreeMap<String, Object>> {
        let bucket = self.buckets.get_mut(name);
        bucket.ok_or_else(|| s3_error!(NoSuchBucket))
    }

    pub(crate) fn find(&mut self, bucket: &str, key: &str) -> S3Result<Object> {
        let found = self.bucket(bucket)?.get(key).cloned();
        found.ok_or_else(|| s3_error!(NoSuchKey))
    }

    pub(crate) fn put(
        &mut self,
        bucket: &str,
        key: &str,
        bytes: Bytes,
        conditions: &Conditions,
    ) -> S3Result<Object> {
        let found = self.bucket(bucket)?.get(key);
        if conditions.absent && found.is_some() {
            return Err(s3_error!(PreconditionFailed));
        }
        if let Some(wanted) = &conditions.matches
            && found.is_none_or(|found| found.tag() != *wanted)
        {
            return Err(s3_error!(PreconditionFailed));
        }
        self.changes += 1;
        let version = self.changes;
        let object = Object { bytes, version };
        self.bucket(bucket)?.insert(key.to_owned(), object.clone());
        Ok(object)
    }

    /// Gives a page of names after another, and whether there are more.
    pub(crate) fn page(
        &mut self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> S3Result<(Vec<(String, Object)>, bool)> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let found = self
            .bucket(bucket)?
            .range::<str, _>((from, Bound::Unbounded));
        let mut found = found.take_while(|(key, _)| key.starts_with(prefix));
        let page = found.by_ref().take(limit);
        let page = page
            .map(|(key, object)| (key.clone(), object.clone()))
            .collect();
        Ok((page, found.next().is_some()))
    }
}

impl Object {
    pub(crate) fn tag(&self) -> String {
        format!("{:032x}", self.version)
    }

    pub(crate) fn e_tag(&self) -> ETag {
        ETag::Strong(self.tag())
    }

    pub(crate) fn modified(&self) -> Timestamp {
        Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_000_000 + self.version))
    }

    pub(crate) fn size(&self) -> i64 {
        self.bytes.len() as i64
    }
}
