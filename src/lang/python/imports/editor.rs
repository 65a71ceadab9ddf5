//! The import statements of a file while some of them change: which ones the names of another can join.
//!
//! A file may have thousands of statements that change, so what holds for a block of imports is found out once, not for each of them.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;
use tree_sitter::Node;

use super::Source;
use super::statement::Statement;
use crate::lang::python::facts::{Alias, AliasId, ImportId, NameId};
use crate::syntax;

/// The changing import statements of one file.
pub struct Editor<'e> {
    pub(super) source: &'e Source<'e>,
    /// Nothing where all of them change.
    is_changing: Option<&'e dyn Fn(ImportId) -> bool>,
    blocks: OnceCell<Blocks>,
    open: RefCell<FxHashMap<ImportId, Rc<Host<'e>>>>,
    emptied: RefCell<FxHashMap<usize, bool>>,
}

/// The blocks of statements between which nothing but imports and comments stands.
#[derive(Default)]
struct Blocks {
    /// The block of each `from` statement.
    of: FxHashMap<ImportId, u32>,
    /// The statements of a block that import names from a module and do not change, in source order.
    hosts: FxHashMap<(u32, Box<str>), Vec<ImportId>>,
}

/// A statement that names can join.
pub(super) struct Host<'e> {
    pub statement: Statement<'e>,
    /// The first alias that binds a name.
    aliases: FxHashMap<NameId, AliasId>,
}

impl<'e> Host<'e> {
    fn new(statement: Statement<'e>) -> Self {
        let mut aliases = FxHashMap::default();
        for (id, alias) in &statement.aliases {
            aliases.entry(alias.local).or_insert(*id);
        }
        Self { statement, aliases }
    }

    /// The alias that binds a name.
    pub fn alias(&self, source: &Source<'e>, local: &str) -> Option<&'e Alias> {
        let id = self.aliases.get(&source.facts.names.find(local)?)?;
        Some(&source.facts.aliases[id.index()])
    }
}

impl<'e> Editor<'e> {
    /// The statements of a file, of which those change for which `is_changing` holds: they are not joined.
    pub fn new(source: &'e Source<'e>, is_changing: &'e dyn Fn(ImportId) -> bool) -> Self {
        Self { is_changing: Some(is_changing), ..Self::of_all(source) }
    }

    /// The statements of a file, all of which count as changing: none is joined.
    pub fn of_all(source: &'e Source<'e>) -> Self {
        Self { source, is_changing: None, blocks: OnceCell::new(), open: RefCell::default(), emptied: RefCell::default() }
    }

    fn is_changing(&self, import: ImportId) -> bool {
        self.is_changing.is_none_or(|is_changing| is_changing(import))
    }

    /// The statement that names of a module join: of those in the same block the nearest before, else the nearest behind.
    pub(super) fn host(&self, statement: &Statement<'_>, module: &str) -> Option<Rc<Host<'e>>> {
        self.is_changing?;
        let own = self.source.facts.import_at(statement.span)?;
        let blocks = self.blocks.get_or_init(|| self.find_blocks());
        let hosts = blocks.hosts.get(&(*blocks.of.get(&own)?, module.into()))?;
        let behind = hosts.partition_point(|host| *host < own);
        let host = hosts[..behind].last().or_else(|| hosts[behind..].iter().find(|host| **host != own));
        self.open(*host?)
    }

    fn open(&self, import: ImportId) -> Option<Rc<Host<'e>>> {
        let mut open = self.open.borrow_mut();
        if let Some(host) = open.get(&import) {
            return Some(host.clone());
        }
        let host = Rc::new(Host::new(Statement::find(self.source, import).ok()?));
        open.insert(import, host.clone());
        Some(host)
    }

    /// Whether the block of a changing statement has nothing in it but comments and import statements that change.
    pub(super) fn empties_block(&self, statement: &Statement<'_>) -> bool {
        let Some(block) = statement.node.parent().filter(|block| block.kind() != "module") else { return false };
        let may_go = |node: &Node<'_>| {
            let import = self.source.facts.import_at(syntax::span(*node));
            matches!(node.kind(), "comment" | ";") || import.is_some_and(|import| self.is_changing(import))
        };
        let is_emptied = || syntax::children(block).iter().all(may_go);
        *self.emptied.borrow_mut().entry(block.id()).or_insert_with(is_emptied)
    }

    fn find_blocks(&self) -> Blocks {
        let mut blocks = Blocks::default();
        let mut count = 0;
        for at in 0..self.source.facts.imports.len() {
            let import = ImportId::new(at);
            let Ok(statement) = Statement::find(self.source, import) else { continue };
            if blocks.of.contains_key(&import) {
                continue;
            }
            let run = std::iter::successors(Some(statement.node), |node| node.next_sibling()).take_while(is_passed);
            for node in run {
                if let Some(found) = self.source.facts.import_at(syntax::span(node)) {
                    blocks.of.insert(found, count);
                    self.add_host(&mut blocks, count, found, node);
                }
            }
            count += 1;
        }
        blocks
    }

    fn add_host(&self, blocks: &mut Blocks, block: u32, import: ImportId, node: Node<'_>) {
        let facts = self.source.facts;
        let is_host = node.kind() == "import_from_statement" && !node.has_error() && !self.is_changing(import);
        let Some(from) = facts.imports[import.index()].from.filter(|_| is_host) else { return };
        if facts.aliases_of(&facts.imports[import.index()]).any(|(_, alias)| facts.is_star(alias)) {
            return;
        }
        let own = from.module.map(|module| facts.names.get(module));
        if let Some(module) = self.source.modules.absolute(self.source.file, from.level, own) {
            blocks.hosts.entry((block, module.into())).or_default().push(import);
        }
    }
}

/// Whether a block of imports goes on behind such a node.
fn is_passed(node: &Node<'_>) -> bool {
    matches!(node.kind(), "import_statement" | "import_from_statement" | "future_import_statement" | "comment" | ";")
}
