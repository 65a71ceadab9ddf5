//! One import statement in the concrete tree, and the edits to its list of names.

use std::ops::Range;

use rustc_hash::FxHashSet;
use tree_sitter::Node;

use super::{LINE_LENGTH, Name, Refusal, Source, pragma};
use crate::lang::python::facts::{Alias, AliasId, Import, ImportId};
use crate::syntax;
use crate::text::edit::Edit;
use crate::text::eol;
use crate::text::span::Span;

/// Names that are to be imported by one statement.
pub(super) struct Group {
    /// The module behind `from`; `None` for a plain import of modules.
    pub module: Option<String>,
    pub items: Vec<Item>,
}

pub(super) struct Item {
    /// As it stands in the list.
    pub text: String,
    pub name: Option<Name>,
    /// The alias whose place it takes.
    pub alias: Option<AliasId>,
    pub comment: Option<String>,
}

impl Group {
    pub fn aliases(&self) -> impl Iterator<Item = AliasId> {
        self.items.iter().filter_map(|item| item.alias)
    }

    pub fn comment(&self) -> Option<&str> {
        self.items.iter().find_map(|item| item.comment.as_deref())
    }
}

pub(super) fn add(groups: &mut Vec<Group>, module: Option<&str>, item: Item) {
    match groups.iter_mut().find(|group| group.module.as_deref() == module) {
        // What is added because several uses need it is imported once.
        Some(group) if item.alias.is_none() && group.items.iter().any(|other| other.text == item.text) => {}
        Some(group) => group.items.push(item),
        None => groups.push(Group { module: module.map(str::to_owned), items: vec![item] }),
    }
}

pub(super) fn spell(name: &Name) -> String {
    match name.name == name.local {
        true => name.name.clone(),
        false => format!("{} as {}", name.name, name.local),
    }
}

/// An import statement in the concrete tree.
pub(super) struct Statement<'a> {
    pub node: Node<'a>,
    pub import: &'a Import,
    pub span: Span,
    pub aliases: Vec<(AliasId, &'a Alias)>,
    pub is_parenthesised: bool,
}

impl<'a> Statement<'a> {
    pub fn find(source: &Source<'a>, import: ImportId) -> Result<Self, Refusal> {
        let facts = source.facts;
        let import = &facts.imports[import.index()];
        let kinds: &[&str] = match import.from {
            Some(_) => &["import_from_statement", "future_import_statement"],
            None => &["import_statement"],
        };
        let node = kinds.iter().find_map(|kind| source.tree.node_at(import.span, kind)).ok_or(Refusal::ParsersDisagree)?;
        if node.has_error() {
            return Err(Refusal::ParsersDisagree);
        }
        let is_parenthesised = syntax::children(node).iter().any(|child| child.kind() == "(");
        Ok(Self { node, import, span: import.span, aliases: facts.aliases_of(import).collect(), is_parenthesised })
    }

    /// Whether the statement imports names from the module.
    pub fn is_from(&self, source: &Source<'_>, module: Option<&str>) -> bool {
        let Some(from) = self.import.from else { return false };
        let own = from.module.map(|module| source.facts.names.get(module));
        let is_star = self.aliases.iter().any(|(_, alias)| source.facts.is_star(alias));
        module.is_some() && !is_star && source.modules.absolute(source.file, from.level, own).as_deref() == module
    }

    pub fn alias_span(alias: &Alias) -> Span {
        Span::new(alias.name_span.start, alias.asname.map_or(alias.name_span.end, |(_, span)| span.end))
    }

    /// Whether nothing but the statement and comments stands on its lines.
    pub fn is_alone(&self, text: &str) -> bool {
        let start = self.span.start as usize;
        let before = &text[eol::line_start(text, start)..start];
        let behind = self.behind(text).trim_start();
        before.trim().is_empty() && (behind.is_empty() || behind.starts_with('#'))
    }

    /// The rest of the statement's last line.
    pub fn behind<'t>(&self, text: &'t str) -> &'t str {
        let end = self.span.end as usize;
        &text[end..eol::line_end(text, end)]
    }

    pub fn has_comment(&self, source: &Source<'_>) -> bool {
        let inside = syntax::children(self.node).iter().any(|child| child.kind() == "comment");
        inside || self.behind(source.text).trim_start().starts_with('#')
    }

    /// The comment behind an alias that has a line of its own in a parenthesised list.
    pub fn comment_of(&self, source: &Source<'_>, alias: AliasId) -> Option<String> {
        let span = Self::alias_span(&source.facts.aliases[alias.index()]);
        if !self.is_parenthesised || !is_alone_on_line(source.text, span) {
            return None;
        }
        let line = &source.text[span.end as usize..eol::line_end(source.text, span.end as usize)];
        line.find('#').map(|at| line[at..].trim_end().to_owned())
    }

    /// The module as this statement would spell it: relative where it is relative and can stay so.
    pub fn spell_module(&self, source: &Source<'_>, module: &str) -> String {
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
    pub fn module_edit(&self, source: &Source<'_>, mut module: String) -> Option<Edit> {
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
    pub fn take_over(&self, source: &Source<'_>, group: &Group) -> Vec<Edit> {
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
    pub fn remove(&self, source: &Source<'_>, removed: &[AliasId]) -> Vec<Span> {
        let text = source.text;
        let removed: FxHashSet<AliasId> = removed.iter().copied().collect();
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
    pub fn delete(&self, source: &Source<'_>) -> Edit {
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
    pub fn text(&self, source: &Source<'_>, groups: &[Group], trailing: &str) -> Option<String> {
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
    pub fn insert_behind(&self, source: &Source<'_>, groups: &[Group]) -> Option<Edit> {
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

/// Whether nothing but an item, its comma and a comment stands on its line.
pub(super) fn is_alone_on_line(text: &str, span: Span) -> bool {
    let before = &text[eol::line_start(text, span.range().start)..span.range().start];
    let end = span.range().end;
    let behind = text[end..eol::line_end(text, end)].trim_start();
    let behind = behind.strip_prefix(',').unwrap_or(behind).trim_start();
    before.trim().is_empty() && (behind.is_empty() || behind.starts_with('#'))
}

/// The offset of the first comma in a gap between items that is not in a comment.
pub(super) fn comma_behind(text: &str, gap: Range<usize>) -> Option<usize> {
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
pub(super) fn with_blanks(text: &str, item: Range<usize>) -> Span {
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

pub(super) fn merge(mut spans: Vec<Span>) -> Vec<Span> {
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

/// Changes one name of a `from` import.
pub(super) fn edit_name(source: &Source<'_>, alias: &Alias, name: &Name) -> Option<Edit> {
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
pub(super) fn edit_module(source: &Source<'_>, alias: AliasId, module: &str, local: Option<&str>) -> Option<Edit> {
    let alias = &source.facts.aliases[alias.index()];
    let is_same_local = alias.asname.map(|(name, _)| source.facts.names.get(name)) == local;
    if is_same_local {
        return Some(Edit::replace(alias.name_span, module));
    }
    let text = local.map_or_else(|| module.to_owned(), |local| format!("{module} as {local}"));
    Some(Edit::replace(Statement::alias_span(alias), text))
}

/// Appends a name to a statement's list.
pub(super) fn append(source: &Source<'_>, host: &Statement<'_>, name: &str) -> Option<Edit> {
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
