//! Editing import statements: bring something else, split, join, add, drop.
//!
//! Edits are made on tree-sitter's concrete tree, so commas, parentheses, comments and line ends outside the changed names
//! stay as they are. Statements are never sorted and never moved: import order is behaviour. A name that leaves a statement gets
//! a statement of its own right behind it, or joins one that already imports from the same module, where nothing but imports
//! stands between the two.

use std::ops::Range;

use tree_sitter::Node;

use super::facts::{Alias, AliasId, Binding, BindingKind, Facts, Import, ImportId};
use super::resolve::ModuleTable;
use crate::syntax::{self, Tree};
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// One file, as far as editing its imports needs it.
pub struct Source<'a> {
    /// The file.
    pub file: FileId,
    /// Its text.
    pub text: &'a str,
    /// Its facts.
    pub facts: &'a Facts,
    /// Its concrete tree.
    pub tree: &'a Tree,
    /// The modules of the snapshot.
    pub modules: &'a ModuleTable,
}

/// What an alias of an import statement is to bring.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Becomes {
    /// Of a `from` import: another name, perhaps of another module.
    Name(Name),
    /// Of a plain `import`: another module, under `as` where a local name is given.
    Module {
        /// The dotted name.
        module: String,
        /// The name behind `as`.
        local: Option<String>,
    },
    /// Nothing: it is dropped.
    Nothing,
}

/// A name to import.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Name {
    /// The absolute dotted name of the module.
    pub module: String,
    /// The name in the module.
    pub name: String,
    /// The name that it is bound to here.
    pub local: String,
}

/// A change to one import statement.
#[derive(Clone, Default, Debug)]
pub struct Change {
    /// What the changed aliases become; the others stay.
    pub aliases: Vec<(AliasId, Becomes)>,
    /// What to import in addition, right behind the statement.
    pub added: Vec<Added>,
}

/// Something to import in addition.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Added {
    /// `from module import name`.
    Name(Name),
    /// `import module`.
    Module(String),
}

/// Why a statement is not edited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// tree-sitter sees no such statement there, or an error in it.
    ParsersDisagree,
    /// The statement would go, and a comment in it with it.
    Comment,
}

/// The longest line that a new statement may have before its names are put on lines of their own; the limit of PEP 8's most used
/// formatters.
const LINE_LENGTH: usize = 88;

/// Comments that are addressed to a tool and hold for their line.
const PRAGMAS: [&str; 10] = ["noqa", "type:", "pylint:", "pyright:", "mypy:", "isort:", "ruff:", "flake8:", "pragma:", "nosec"];

/// Returns the edits that make the change. Statements for which `is_changing` holds are not joined.
///
/// # Errors
/// The statement cannot be edited.
pub fn rewrite(
    source: &Source<'_>,
    import: ImportId,
    change: &Change,
    is_changing: &dyn Fn(ImportId) -> bool,
) -> Result<Vec<Edit>, Refusal> {
    let statement = Statement::find(source, import)?;
    let mut groups: Vec<Group> = Vec::new();
    let mut removed: Vec<AliasId> = Vec::new();
    let mut edits = Vec::new();
    for (alias, becomes) in &change.aliases {
        match becomes {
            Becomes::Name(name) => {
                let comment = statement.comment_of(source, *alias);
                add(
                    &mut groups,
                    Some(&name.module),
                    Item { text: spell(name), name: Some(name.clone()), alias: Some(*alias), comment },
                );
            }
            Becomes::Module { module, local } => edits.extend(edit_module(source, *alias, module, local.as_deref())),
            Becomes::Nothing => removed.push(*alias),
        }
    }
    for added in &change.added {
        match added {
            Added::Name(name) => {
                add(
                    &mut groups,
                    Some(&name.module),
                    Item { text: spell(name), name: Some(name.clone()), alias: None, comment: None },
                );
            }
            Added::Module(module) => {
                add(&mut groups, None, Item { text: module.clone(), name: None, alias: None, comment: None })
            }
        }
    }
    let stays = statement.aliases.len() > change.aliases.iter().filter(|(_, becomes)| becomes.leaves()).count();

    // Join what can be joined; the first of the other groups takes the statement over, if none of its names stay.
    let can_vanish = !statement.has_comment(source);
    let mut home: Option<Group> = None;
    let mut out: Vec<Group> = Vec::new();
    for group in groups {
        // `from pkg import old` that is to bring `pkg.new` as well.
        if stays && group.aliases().next().is_none() && statement.is_from(source, group.module.as_deref()) {
            for item in &group.items {
                edits.extend(append(source, &statement, &item.text));
            }
            continue;
        }
        let may_join = group.comment().is_none() && (stays || home.is_some() || can_vanish);
        if may_join && let Some(joined) = join(source, &statement, &group, is_changing) {
            edits.extend(joined);
            removed.extend(group.aliases());
        } else if !stays && home.is_none() && group.aliases().next().is_some() {
            home = Some(group);
        } else {
            removed.extend(group.aliases());
            out.push(group);
        }
    }

    match home {
        Some(home) => edits.extend(statement.take_over(source, &home)),
        None if !stays => {
            if !can_vanish {
                return Err(Refusal::Comment);
            }
            edits.push(match statement.text(source, &out, "") {
                Some(text) => Edit::replace(statement.span, text),
                None => statement.delete(source),
            });
            return Ok(edits);
        }
        None => {}
    }
    edits.extend(statement.remove(source, &removed).into_iter().map(Edit::delete));
    edits.extend(statement.insert_behind(source, &out));
    Ok(edits)
}

/// Returns the edits that put a `from` statement's module in place of another, keeping every name.
///
/// # Errors
/// The statement cannot be edited.
pub fn replace_module(source: &Source<'_>, import: ImportId, module: &str) -> Result<Vec<Edit>, Refusal> {
    let statement = Statement::find(source, import)?;
    Ok(statement.module_edit(source, module.to_owned()).into_iter().collect())
}

impl Becomes {
    /// Whether the alias leaves the statement's list, or may do so.
    fn leaves(&self) -> bool {
        !matches!(self, Becomes::Module { .. })
    }
}

/// Names that are to be imported by one statement.
struct Group {
    /// The module behind `from`; `None` for a plain import of modules.
    module: Option<String>,
    items: Vec<Item>,
}

struct Item {
    /// As it stands in the list.
    text: String,
    name: Option<Name>,
    /// The alias whose place it takes.
    alias: Option<AliasId>,
    comment: Option<String>,
}

fn add(groups: &mut Vec<Group>, module: Option<&str>, item: Item) {
    match groups.iter_mut().find(|group| group.module.as_deref() == module) {
        // What is added because several uses need it is imported once.
        Some(group) if item.alias.is_none() && group.items.iter().any(|other| other.text == item.text) => {}
        Some(group) => group.items.push(item),
        None => groups.push(Group { module: module.map(str::to_owned), items: vec![item] }),
    }
}

impl Group {
    fn aliases(&self) -> impl Iterator<Item = AliasId> {
        self.items.iter().filter_map(|item| item.alias)
    }

    fn comment(&self) -> Option<&str> {
        self.items.iter().find_map(|item| item.comment.as_deref())
    }
}

fn spell(name: &Name) -> String {
    match name.name == name.local {
        true => name.name.clone(),
        false => format!("{} as {}", name.name, name.local),
    }
}

/// An import statement in the concrete tree.
struct Statement<'a> {
    node: Node<'a>,
    import: &'a Import,
    span: Span,
    aliases: Vec<(AliasId, &'a Alias)>,
    is_parenthesised: bool,
}

impl<'a> Statement<'a> {
    fn find(source: &Source<'a>, import: ImportId) -> Result<Self, Refusal> {
        let facts = source.facts;
        let import = &facts.imports[import.index()];
        let kind = if import.from.is_some() { "import_from_statement" } else { "import_statement" };
        let node = source.tree.node_at(import.span, kind).ok_or(Refusal::ParsersDisagree)?;
        if node.has_error() {
            return Err(Refusal::ParsersDisagree);
        }
        let is_parenthesised = syntax::children(node).iter().any(|child| child.kind() == "(");
        Ok(Self { node, import, span: import.span, aliases: facts.aliases_of(import).collect(), is_parenthesised })
    }

    /// Whether the statement imports names from the module.
    fn is_from(&self, source: &Source<'_>, module: Option<&str>) -> bool {
        let Some(from) = self.import.from else { return false };
        let own = from.module.map(|module| source.facts.names.get(module));
        let is_star = self.aliases.iter().any(|(_, alias)| source.facts.is_star(alias));
        module.is_some() && !is_star && source.modules.absolute(source.file, from.level, own).as_deref() == module
    }

    fn alias_span(alias: &Alias) -> Span {
        Span::new(alias.name_span.start, alias.asname.map_or(alias.name_span.end, |(_, span)| span.end))
    }

    /// Whether nothing but the statement and comments stands on its lines.
    fn is_alone(&self, text: &str) -> bool {
        let start = self.span.start as usize;
        let before = &text[eol::line_start(text, start)..start];
        let behind = self.behind(text).trim_start();
        before.trim().is_empty() && (behind.is_empty() || behind.starts_with('#'))
    }

    /// The rest of the statement's last line.
    fn behind<'t>(&self, text: &'t str) -> &'t str {
        let end = self.span.end as usize;
        &text[end..eol::line_end(text, end)]
    }

    fn has_comment(&self, source: &Source<'_>) -> bool {
        let inside = syntax::children(self.node).iter().any(|child| child.kind() == "comment");
        inside || self.behind(source.text).trim_start().starts_with('#')
    }

    /// The comment behind an alias that has a line of its own in a parenthesised list.
    fn comment_of(&self, source: &Source<'_>, alias: AliasId) -> Option<String> {
        let span = Self::alias_span(&source.facts.aliases[alias.index()]);
        if !self.is_parenthesised || !is_alone_on_line(source.text, span) {
            return None;
        }
        let line = &source.text[span.end as usize..eol::line_end(source.text, span.end as usize)];
        line.find('#').map(|at| line[at..].trim_end().to_owned())
    }

    /// The module as this statement would spell it: relative where it is relative and can stay so.
    fn spell_module(&self, source: &Source<'_>, module: &str) -> String {
        let level = self.import.from.map_or(0, |from| from.level);
        if level == 0 {
            return module.to_owned();
        }
        let dots = ".".repeat(level as usize);
        match source.modules.absolute(source.file, level, None) {
            Some(base) if base == module => dots,
            Some(base) if base.is_empty() => dots + module,
            Some(base) => match module.strip_prefix(&base).and_then(|rest| rest.strip_prefix('.')) {
                Some(rest) => dots + rest,
                None => module.to_owned(),
            },
            None => module.to_owned(),
        }
    }

    /// Replaces what stands between `from` and `import`.
    fn module_edit(&self, source: &Source<'_>, mut module: String) -> Option<Edit> {
        let node = self.node.child_by_field_name("module_name")?;
        let span = syntax::span(node);
        if source.text[span.range()] == module {
            return None;
        }
        // `from.x import y` and `from .import y` are Python; `frompkg import y` is not.
        if !module.starts_with('.') && !source.text[..span.range().start].ends_with(char::is_whitespace) {
            module.insert(0, ' ');
        }
        if !module.ends_with('.') && !source.text[span.range().end..].starts_with([' ', '\t', '\\']) {
            module.push(' ');
        }
        Some(Edit::replace(span, module))
    }

    /// Makes the statement import the names of a group in place.
    fn take_over(&self, source: &Source<'_>, group: &Group) -> Vec<Edit> {
        let module = group.module.as_ref().map(|module| self.spell_module(source, module));
        let mut edits: Vec<Edit> = module.and_then(|module| self.module_edit(source, module)).into_iter().collect();
        let mut added = Vec::new();
        for item in &group.items {
            match (item.alias, &item.name) {
                (Some(alias), Some(name)) => edits.extend(edit_name(source, &source.facts.aliases[alias.index()], name)),
                _ => added.push(item.text.as_str()),
            }
        }
        if let (Some((_, last)), false) = (self.aliases.last(), added.is_empty()) {
            edits.push(Edit::insert(Self::alias_span(last).end, format!(", {}", added.join(", "))));
        }
        edits
    }

    /// The spans to delete so that the aliases leave the list; at least one other stays.
    fn remove(&self, source: &Source<'_>, removed: &[AliasId]) -> Vec<Span> {
        let text = source.text;
        let mut spans: Vec<Span> = Vec::new();
        let mut last_kept: Option<Span> = None;
        for (at, (id, alias)) in self.aliases.iter().enumerate() {
            let span = Self::alias_span(alias);
            if !removed.contains(id) {
                last_kept = Some(span);
                continue;
            }
            let list_end = self.aliases.get(at + 1).map_or(self.span.end, |(_, next)| next.name_span.start);
            let comma = comma_behind(text, span.end as usize..list_end as usize);
            if self.is_parenthesised && is_alone_on_line(text, span) {
                spans.push(Span::new(
                    eol::line_start(text, span.start as usize) as u32,
                    eol::next_line(text, span.end as usize) as u32,
                ));
            } else if let Some(comma) = comma {
                spans.push(with_blanks(text, span.start as usize..comma + 1));
            } else {
                // The last of the list: the comma before it goes as well.
                let gap = |kept: Span| &text[kept.end as usize..span.start as usize];
                let from = last_kept.filter(|kept| !gap(*kept).contains('#')).map_or(span.start, |kept| kept.end);
                spans.push(Span::new(from, span.end));
            }
        }
        merge(spans)
    }

    /// The whole line, or the statement and one semicolon.
    fn delete(&self, source: &Source<'_>) -> Edit {
        let text = source.text;
        let Range { start, end } = self.span.range();
        if self.is_alone(text) {
            let next = eol::next_line(text, end);
            // A text without a line end at its end keeps none.
            return Edit::delete(match next == text.len() && !text.ends_with(['\n', '\r']) && start > 0 {
                true => {
                    let above = eol::previous_line(text, eol::line_start(text, start)).unwrap_or(0);
                    Span::new(eol::line_end(text, above) as u32, end as u32)
                }
                false => Span::new(eol::line_start(text, start) as u32, next as u32),
            });
        }
        let behind = self.behind(text);
        match behind.trim_start().strip_prefix(';') {
            Some(rest) => {
                let next = end + behind.len() - rest.trim_start().len();
                Edit::delete(Span::new(start as u32, next as u32))
            }
            None => {
                let before = text[..start].trim_end();
                let from = before.strip_suffix(';').map_or(start, |before| before.trim_end().len());
                Edit::delete(Span::new(from as u32, end as u32))
            }
        }
    }

    /// Statements for the groups, one a line; `None` where there are none.
    fn text(&self, source: &Source<'_>, groups: &[Group], trailing: &str) -> Option<String> {
        let text = source.text;
        let indent = eol::indentation(text, self.span.start as usize);
        let line_ending = eol::line_ending(text);
        let between = if self.is_alone(text) { format!("{line_ending}{indent}") } else { "; ".to_owned() };
        let statement = |group: &Group| {
            let head = match &group.module {
                Some(module) => format!("from {} import", self.spell_module(source, module)),
                None => "import".to_owned(),
            };
            let names: Vec<&str> = group.items.iter().map(|item| item.text.as_str()).collect();
            let line = format!("{head} {}", names.join(", "));
            let has_comment = group.comment().is_some();
            let is_short = indent.len() + line.len() <= LINE_LENGTH || names.len() == 1 || group.module.is_none();
            if !self.is_alone(text) || (is_short && !has_comment) {
                return line + trailing;
            }
            if let ([_], Some(comment)) = (&names[..], group.comment()) {
                return format!("{line}  {comment}");
            }
            let mut lines = format!("{head} (");
            for item in &group.items {
                lines += &format!("{line_ending}{indent}    {},", item.text);
                if let Some(comment) = &item.comment {
                    lines += &format!("  {comment}");
                }
            }
            lines + line_ending + indent + ")" + trailing
        };
        let statements: Vec<String> = groups.iter().map(statement).collect();
        (!statements.is_empty()).then(|| statements.join(&between))
    }

    /// Inserts statements for the groups right behind this one.
    fn insert_behind(&self, source: &Source<'_>, groups: &[Group]) -> Option<Edit> {
        let text = source.text;
        let trailing = pragma(self.behind(text)).map_or_else(String::new, |comment| format!("  {comment}"));
        let statements = self.text(source, groups, &trailing)?;
        if self.is_alone(text) {
            let indent = eol::indentation(text, self.span.start as usize);
            let at = eol::line_end(text, self.span.end as usize) as u32;
            return Some(Edit::insert(at, format!("{}{indent}{statements}", eol::line_ending(text))));
        }
        Some(Edit::insert(self.span.end, format!("; {statements}")))
    }
}

/// Changes one name of a `from` import.
fn edit_name(source: &Source<'_>, alias: &Alias, name: &Name) -> Option<Edit> {
    let names = &source.facts.names;
    let old = names.get(alias.name);
    let wanted = match alias.asname {
        // `X as X` marks a re-export (PEP 484) and stays one.
        Some((local, _)) if names.get(local) == old && name.name == name.local => format!("{} as {}", name.name, name.local),
        _ => spell(name),
    };
    let span = Statement::alias_span(alias);
    let renamed = alias.asname.is_some_and(|(local, _)| names.get(local) == name.local) && name.name != name.local;
    match &source.text[span.range()] {
        text if text == wanted => None,
        _ if renamed => (old != name.name).then(|| Edit::replace(alias.name_span, name.name.clone())),
        _ => Some(Edit::replace(span, wanted)),
    }
}

/// Changes one module of a plain import.
fn edit_module(source: &Source<'_>, alias: AliasId, module: &str, local: Option<&str>) -> Option<Edit> {
    let alias = &source.facts.aliases[alias.index()];
    let is_same_local = alias.asname.map(|(name, _)| source.facts.names.get(name)) == local;
    if is_same_local {
        return Some(Edit::replace(alias.name_span, module));
    }
    let text = local.map_or_else(|| module.to_owned(), |local| format!("{module} as {local}"));
    Some(Edit::replace(Statement::alias_span(alias), text))
}

/// Adds a group's names to a statement that imports from the same module already.
fn join(
    source: &Source<'_>,
    statement: &Statement<'_>,
    group: &Group,
    is_changing: &dyn Fn(ImportId) -> bool,
) -> Option<Vec<Edit>> {
    let wanted = group.module.as_deref()?;
    let neighbours = neighbours(statement.node);
    let found = neighbours.iter().find_map(|node| {
        let span = syntax::span(*node);
        let at = source.facts.imports.iter().position(|import| import.span == span)?;
        let host = Statement::find(source, ImportId::new(at)).ok()?;
        (host.is_from(source, Some(wanted)) && !is_changing(ImportId::new(at))).then_some(host)
    })?;
    if pragma(found.behind(source.text)).is_some() {
        return None;
    }
    let mut edits = Vec::new();
    let end = found.span.range().end;
    let mut width = eol::line_end(source.text, end) - eol::line_start(source.text, end);
    for item in &group.items {
        let name = item.name.as_ref()?;
        if is_bound_between(source, &found, group, name, item.alias) {
            return None;
        }
        let binds = |alias: &Alias| source.facts.names.get(alias.local) == name.local;
        match found.aliases.iter().find(|(_, alias)| binds(alias)) {
            Some((_, alias)) if source.facts.names.get(alias.name) == name.name => {}
            Some(_) => return None,
            None => {
                edits.push(append(source, &found, &item.text)?);
                width += ", ".len() + item.text.len();
            }
        }
    }
    let has_own_lines = found
        .aliases
        .last()
        .is_some_and(|(_, last)| found.is_parenthesised && is_alone_on_line(source.text, Statement::alias_span(last)));
    (edits.is_empty() || has_own_lines || width <= LINE_LENGTH).then_some(edits)
}

/// Whether a statement other than the host and those whose names join it binds the name as well: then it matters which comes first.
fn is_bound_between(source: &Source<'_>, host: &Statement<'_>, group: &Group, name: &Name, alias: Option<AliasId>) -> bool {
    let facts = source.facts;
    let Some(local) = facts.names.find(&name.local) else { return false };
    let of_alias = |alias: AliasId| facts.bindings.iter().find(|binding| binding.kind == BindingKind::Import(alias));
    let scope = alias.and_then(of_alias).map_or(host.import.scope, |binding| binding.scope);
    let is_other = |binding: &Binding| match binding.kind {
        BindingKind::Import(id) => {
            !group.aliases().any(|alias| alias == id) && !host.aliases.iter().any(|(alias, _)| *alias == id)
        }
        _ => true,
    };
    facts.bindings_of(scope, local).any(|(_, binding)| is_other(binding))
}

/// A comment behind a statement that is addressed to a tool.
fn pragma(behind: &str) -> Option<&str> {
    let comment = behind.trim();
    let words = comment.strip_prefix('#')?.trim_start().to_ascii_lowercase();
    PRAGMAS.iter().any(|pragma| words.starts_with(pragma)).then_some(comment)
}

/// The import statements around one, nearest first, those before it before those behind it; the search ends where anything but
/// an import or a comment stands.
fn neighbours(node: Node<'_>) -> Vec<Node<'_>> {
    let is_passed = |node: &Node<'_>| {
        matches!(node.kind(), "import_statement" | "import_from_statement" | "future_import_statement" | "comment" | ";")
    };
    let before = std::iter::successors(node.prev_sibling(), |node| node.prev_sibling()).take_while(is_passed);
    let behind = std::iter::successors(node.next_sibling(), |node| node.next_sibling()).take_while(is_passed);
    before.chain(behind).filter(|node| node.kind() == "import_from_statement").collect()
}

/// Appends a name to a statement's list.
fn append(source: &Source<'_>, host: &Statement<'_>, name: &str) -> Option<Edit> {
    let text = source.text;
    let (_, last) = host.aliases.last()?;
    let last = Statement::alias_span(last);
    let comma = comma_behind(text, last.range().end..host.span.range().end);
    let has_own_line = host.is_parenthesised && is_alone_on_line(text, last);
    match comma {
        Some(comma) if has_own_line => {
            let indent = eol::indentation(text, last.range().start);
            let at = eol::line_end(text, comma) as u32;
            Some(Edit::insert(at, format!("{}{indent}{name},", eol::line_ending(text))))
        }
        None if has_own_line => {
            // A comment behind the last name would end up behind the new one.
            let behind = &text[last.range().end..eol::line_end(text, last.range().end)];
            let indent = eol::indentation(text, last.range().start);
            let appended = || Edit::insert(last.end, format!(",{}{indent}{name}", eol::line_ending(text)));
            (!behind.contains('#')).then(appended)
        }
        _ => Some(Edit::insert(last.end, format!(", {name}"))),
    }
}

/// Whether nothing but an item, its comma and a comment stands on its line.
fn is_alone_on_line(text: &str, span: Span) -> bool {
    let before = &text[eol::line_start(text, span.range().start)..span.range().start];
    let end = span.range().end;
    let behind = text[end..eol::line_end(text, end)].trim_start();
    let behind = behind.strip_prefix(',').unwrap_or(behind).trim_start();
    before.trim().is_empty() && (behind.is_empty() || behind.starts_with('#'))
}

/// The offset of the first comma in a gap between items that is not in a comment.
fn comma_behind(text: &str, gap: Range<usize>) -> Option<usize> {
    let mut in_comment = false;
    text[gap.clone()]
        .bytes()
        .position(|byte| {
            in_comment = byte == b'#' || (in_comment && byte != b'\n' && byte != b'\r');
            byte == b',' && !in_comment
        })
        .map(|at| gap.start + at)
}

/// The span of an item and its comma, with the blanks that would be left over: those behind it, or, at the end of a line, those
/// before it.
fn with_blanks(text: &str, item: Range<usize>) -> Span {
    let rest = &text[item.end..];
    let mut blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    // A line continued with a backslash is one line.
    while let Some(next) = rest[blanks..].strip_prefix("\\\n").or_else(|| rest[blanks..].strip_prefix("\\\r\n")) {
        blanks = rest.len() - next.trim_start_matches([' ', '\t']).len();
    }
    let behind = &rest[blanks..];
    if behind.is_empty() || behind.starts_with(['\n', '\r', '#', ')']) {
        let before = text[..item.start].trim_end_matches([' ', '\t']).len();
        return Span::new(before as u32, item.end as u32);
    }
    Span::new(item.start as u32, (item.end + blanks) as u32)
}

fn merge(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests;
