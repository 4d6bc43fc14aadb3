//! A map that is cheap to copy and change: only the part that changes is copied.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::Arc,
};

#[derive(Debug, Clone)]
pub(super) struct Shards<K, V> {
    shards: Vec<Arc<HashMap<K, V>>>,
    hasher: RandomState,
}

impl<K: Hash + Eq + Clone, V: Clone> Shards<K, V> {
    /// Makes the map for about so many entries.
    pub(super) fn for_size(size: usize) -> Self {
        let count = (size / 256).next_power_of_two().min(4096);
        Self {
            shards: (0..count).map(|_| Arc::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    fn at(&self, key: &(impl Hash + ?Sized)) -> usize {
        // The count is below 2^12, so that the cast keeps the bits that are looked at.
        self.hasher.hash_one(key) as usize & (self.shards.len() - 1)
    }

    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.shards.get(self.at(key))?.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        let at = self.at(&key);
        if let Some(shard) = self.shards.get_mut(at) {
            Arc::make_mut(shard).insert(key, value);
        }
    }

    pub(super) fn remove(&mut self, key: &K) {
        let at = self.at(key);
        if let Some(shard) = self.shards.get_mut(at) {
            Arc::make_mut(shard).remove(key);
        }
    }
}
