//! Texts as numbers.

use std::{collections::HashMap, sync::Arc};

/// The texts of a policy. None is ever forgotten; a policy that has been changed often is made anew.
#[derive(Debug, Clone, Default)]
pub(in crate::casbin) struct Symbols {
    ids: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Symbols {
    /// Gives the number of a text, and makes one for a text that is new; `None` when there are
    /// 2^32 of them.
    pub(super) fn intern(&mut self, text: &str) -> Option<u32> {
        if let Some(id) = self.ids.get(text) {
            return Some(*id);
        }
        let id = u32::try_from(self.texts.len()).ok()?;
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.ids.insert(text, id);
        Some(id)
    }

    pub(in crate::casbin) fn id(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    pub(in crate::casbin) fn text(&self, id: u32) -> &str {
        self.texts.get(id as usize).map_or("", |text| text)
    }

    pub(in crate::casbin) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Gives the texts from the given one on, with their numbers.
    pub(in crate::casbin) fn since(&self, from: usize) -> impl Iterator<Item = (Arc<str>, u32)> {
        self.texts
            .iter()
            .enumerate()
            .skip(from)
            .filter_map(|(id, text)| Some((Arc::clone(text), u32::try_from(id).ok()?)))
    }
}
