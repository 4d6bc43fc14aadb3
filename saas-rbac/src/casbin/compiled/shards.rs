//! A map that is cheap to copy and change: only the part that changes is copied.

use std::{
    borrow::Borrow,
    hash::{BuildHasher, Hash},
    sync::Arc,
};

use hashbrown::{DefaultHashBuilder, HashTable};

#[derive(Debug, Clone)]
pub(super) struct Shards<K, V> {
    shards: Vec<Arc<HashTable<(K, V)>>>,
    /// Seeded at random: the texts of a policy are foreign.
    hasher: DefaultHashBuilder,
}

impl<K: Hash + Eq + Clone, V: Clone> Shards<K, V> {
    /// Makes the map for about so many entries.
    pub(super) fn for_size(size: usize) -> Self {
        let count = (size / 256).next_power_of_two().min(4096);
        Self {
            shards: (0..count).map(|_| Arc::default()).collect(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// Gives the shard of a hash: by bits that its table looks at last.
    fn at(&self, hash: u64) -> usize {
        (hash >> 40) as usize & (self.shards.len() - 1)
    }

    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let hash = self.hasher.hash_one(key);
        let shard = self.shards.get(self.at(hash))?;
        let found = shard.find(hash, |(known, _)| known.borrow() == key)?;
        Some(&found.1)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        let hash = self.hasher.hash_one(&key);
        let at = self.at(hash);
        let Some(shard) = self.shards.get_mut(at) else {
            return;
        };
        let shard = Arc::make_mut(shard);
        match shard.find_mut(hash, |(known, _)| *known == key) {
            Some(found) => found.1 = value,
            None => {
                let again = |(key, _): &(K, V)| self.hasher.hash_one(key);
                shard.insert_unique(hash, (key, value), again);
            }
        }
    }

    pub(super) fn remove(&mut self, key: &K) {
        let hash = self.hasher.hash_one(key);
        let at = self.at(hash);
        if let Some(shard) = self.shards.get_mut(at)
            && let Ok(found) = Arc::make_mut(shard).find_entry(hash, |(known, _)| known == key)
        {
            found.remove();
        }
    }
}
