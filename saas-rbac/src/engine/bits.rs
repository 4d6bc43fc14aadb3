//! Sets of small numbers.

/// A set of permissions, one bit for each by its place among all of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn insert(&mut self, bit: usize) {
        let word = bit / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (bit % 64);
        }
    }

    pub(crate) fn contains(&self, bit: usize) -> bool {
        self.0
            .get(bit / 64)
            .is_some_and(|word| word & (1 << (bit % 64)) != 0)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        let length = self.0.len().max(other.0.len());
        self.0.resize(length, 0);
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    pub(crate) fn remove(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= !other;
        }
    }

    pub(crate) fn keep(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let bits = 0..self.0.len() * 64;
        bits.filter(|bit| self.contains(*bit))
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<T: IntoIterator<Item = usize>>(bits: T) -> Self {
        let mut set = Self::default();
        for bit in bits {
            set.insert(bit);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// A program may have more permissions than a word has bits.
    fn bits() -> impl Strategy<Value = BTreeSet<usize>> {
        prop::collection::btree_set(0..200_usize, 0..20)
    }

    fn those_of(bits: &Bits) -> BTreeSet<usize> {
        bits.iter().collect()
    }

    proptest! {
        #[test]
        fn a_set_of_bits_is_a_set(one in bits(), other in bits()) {
            let set: Bits = one.iter().copied().collect();
            let beside: Bits = other.iter().copied().collect();
            prop_assert_eq!(those_of(&set), one.clone());
            prop_assert_eq!(set.is_empty(), one.is_empty());
            for bit in 0..260 {
                prop_assert_eq!(set.contains(bit), one.contains(&bit), "{}", bit);
            }
            let (mut more, mut less, mut kept) = (set.clone(), set.clone(), set);
            more.add(&beside);
            less.remove(&beside);
            kept.keep(&beside);
            prop_assert_eq!(those_of(&more), one.union(&other).copied().collect());
            prop_assert_eq!(those_of(&less), one.difference(&other).copied().collect());
            prop_assert_eq!(less.is_empty(), one.is_subset(&other));
            prop_assert_eq!(those_of(&kept), one.intersection(&other).copied().collect());
            prop_assert_eq!(kept.is_empty(), one.is_disjoint(&other));
        }
    }
}
