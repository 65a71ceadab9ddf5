//! What the facts of all languages have in common: ids into the tables of a file, and its interned names.

/// Declares ids: indices into one of a file's tables.
macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $id(u32);

        impl $id {
            /// The id of the entry at `index`.
            pub fn new(index: usize) -> Self {
                Self(index as u32)
            }

            /// The entry's index in its table.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

pub(super) use ids;

ids! {
    /// A name of the file.
    NameId;
}

/// The names of one file.
#[derive(Debug, Default)]
pub struct Names {
    text: Box<str>,
    ends: Box<[u32]>,
    sorted: Box<[NameId]>,
}

impl Names {
    /// Interns the names, which must differ from one another; the id of each is its index.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut text = String::new();
        let ends: Box<[u32]> = names
            .map(|name| {
                text.push_str(name);
                text.len() as u32
            })
            .collect();
        let mut table = Self { text: text.into(), ends, sorted: Box::default() };
        let mut sorted: Vec<NameId> = (0..table.ends.len()).map(NameId::new).collect();
        sorted.sort_by_key(|&id| table.get(id));
        table.sorted = sorted.into();
        table
    }

    /// The text of a name.
    pub fn get(&self, id: NameId) -> &str {
        let index = id.index();
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.text[start..self.ends[index] as usize]
    }

    /// The id of a name, where the file has it.
    pub fn find(&self, name: &str) -> Option<NameId> {
        let at = self.sorted.binary_search_by_key(&name, |&id| self.get(id)).ok()?;
        Some(self.sorted[at])
    }
}
