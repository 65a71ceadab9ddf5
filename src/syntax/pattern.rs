//! Code patterns: source text in which `$NAME` stands for one node and `$$$NAME` for any number of them.
//!
//! The matching is ast-grep's (<https://ast-grep.github.io/guide/pattern-syntax.html>): a pattern is parsed by the language's own grammar,
//! and matches what has the same tree; comments and commas at the end of a list do not count. `$_` and `$$$` match without a name. What is
//! matched is spans; what the names in them mean is for others to ask.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use ast_grep_core::matcher::{MatcherExt as _, Pattern as Matcher, PatternBuilder, PatternError};
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc, TSLanguage};
use ast_grep_core::{AstGrep, Language, Node};

use super::{Grammar, Tree, parse};
use crate::text::span::Span;

/// What `$` becomes for the parser, whose languages do not have it in names.
const EXPANDO: char = 'µ';

impl Language for Grammar {
    fn pre_process_pattern<'q>(&self, query: &'q str) -> Cow<'q, str> {
        Cow::Owned(mask(query, EXPANDO))
    }

    fn expando_char(&self) -> char {
        EXPANDO
    }

    fn kind_to_id(&self, kind: &str) -> u16 {
        self.get_ts_language().id_for_node_kind(kind, true)
    }

    fn field_to_id(&self, field: &str) -> Option<u16> {
        self.get_ts_language().field_id_for_name(field).map(|id| id.get())
    }

    fn build_pattern(&self, builder: &PatternBuilder<'_>) -> Result<Matcher, PatternError> {
        builder.build(|source| StrDoc::try_new(source, *self))
    }
}

impl LanguageExt for Grammar {
    fn get_ts_language(&self) -> TSLanguage {
        self.language()
    }
}

/// A code pattern.
#[derive(Clone)]
pub struct Pattern {
    grammar: Grammar,
    /// The pattern as it is written, and without the lists in it that may be empty: with a list its comma would have to go. In TypeScript
    /// the same with the other quotes.
    matchers: Vec<(Matcher, Shape)>,
    names: BTreeSet<String>,
    lists: BTreeSet<String>,
    words: BTreeSet<String>,
}

/// The tree of a pattern, with [`EXPANDO`] for each `$`.
#[derive(Clone)]
struct Shape {
    text: String,
    tree: Tree,
}

/// A place that a pattern matches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// The place.
    pub span: Span,
    /// What each `$NAME` stands for.
    pub one: BTreeMap<String, Span>,
    /// What each `$$$NAME` stands for, commas included; `None` where that is nothing.
    pub many: BTreeMap<String, Option<Span>>,
}

/// Why a text is no pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoPattern(pub String);

/// The longest pattern that is read: what is nested in it is compared level by level.
const MOST_BYTES: usize = 4_096;
/// The most `$$$`s of a pattern: it is tried with and without each of them.
const MOST_LISTS: usize = 6;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The text is not a piece of code of the language.
    pub fn parse(grammar: Grammar, text: &str) -> Result<Self, NoPattern> {
        if text.len() > MOST_BYTES || lists(text).len() > MOST_LISTS {
            let most = format!("a pattern has at most {MOST_BYTES} bytes and {MOST_LISTS} `$$$`");
            return Err(NoPattern(most));
        }
        let masked = mask(text, '_');
        let errors = parse(grammar, &masked).map(|tree| tree.errors()).unwrap_or_default();
        if let Some(error) = errors.first() {
            let found = text.get(error.span.range()).filter(|found| !found.is_empty());
            let at = found.map_or_else(|| "something is missing".to_owned(), |found| format!("`{found}` is not expected"));
            return Err(NoPattern(format!("this is not {grammar}: {at}")));
        }
        let matcher = Matcher::try_new(text, grammar).map_err(|error| NoPattern(error.to_string()))?;
        let shape = Shape::of(grammar, text).ok_or_else(|| NoPattern(format!("this is not {grammar}")))?;
        let names = matcher.defined_vars().into_iter().map(str::to_owned).collect();
        let others = requoted(grammar, text);
        let others = std::iter::once(text.to_owned()).chain(others).flat_map(|text| {
            let shorter = shorter(&text);
            std::iter::once(text).chain(shorter).collect::<Vec<_>>()
        });
        // The pattern as it is written is the first of them.
        let others: Vec<String> = others.skip(1).collect();
        let others = others.iter().filter_map(|text| Some((Matcher::try_new(text, grammar).ok()?, Shape::of(grammar, text)?)));
        let lists = lists(text).into_iter().map(|(_, name)| name.to_owned()).filter(|name| !name.is_empty()).collect();
        Ok(Self {
            grammar,
            matchers: std::iter::once((matcher, shape)).chain(others).collect(),
            names,
            lists,
            words: words(text),
        })
    }

    /// The names behind its `$` and `$$$`.
    pub fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// The words that stand in whatever it matches.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// The places of a text that it matches, the outer before the inner.
    pub fn find(&self, tree: &Tree, text: &str) -> Vec<Match> {
        let root = AstGrep::doc(StrDoc { src: text.to_owned(), lang: self.grammar, tree: tree.0.clone() });
        let mut found: BTreeMap<Span, Match> = BTreeMap::new();
        for (matcher, shape) in &self.matchers {
            for node in root.root().find_all(matcher).filter(|node| shape.is_all_of(node)) {
                found.entry(to_span(&node)).or_insert_with(|| self.read(&node));
            }
        }
        let mut found: Vec<Match> = found.into_values().collect();
        found.sort_by_key(|found| (found.span.start, std::cmp::Reverse(found.span.end)));
        found
    }

    /// The nodes around a span, other than the span itself, that it matches; the outer before the inner.
    pub fn around(&self, tree: &Tree, text: &str, span: Span) -> Vec<Match> {
        let root = AstGrep::doc(StrDoc { src: text.to_owned(), lang: self.grammar, tree: tree.0.clone() });
        let range = span.range();
        let outer = std::iter::successors(Some(root.root()), |node| {
            node.children()
                .find(|child| child.range().start <= range.start && range.end <= child.range().end && child.range() != range)
        });
        let outer: Vec<Node<'_, StrDoc<Grammar>>> = outer.collect();
        let matches = |node: &Node<'_, StrDoc<Grammar>>| {
            self.matchers.iter().find_map(|(matcher, _)| Some(self.read(&matcher.match_node(node.clone())?)))
        };
        outer.iter().filter_map(matches).collect()
    }

    fn read(&self, found: &ast_grep_core::NodeMatch<'_, StrDoc<Grammar>>) -> Match {
        let mut one = BTreeMap::new();
        let mut many: BTreeMap<String, Option<Span>> = self.lists.iter().map(|name| (name.clone(), None)).collect();
        let env = found.get_env();
        for variable in env.get_matched_variables() {
            match variable {
                MetaVariable::Capture(name, _) => {
                    if let Some(node) = env.get_match(&name) {
                        one.insert(name, to_span(node));
                    }
                }
                MetaVariable::MultiCapture(name) => {
                    let nodes = env.get_multiple_matches(&name);
                    let named: Vec<_> = nodes.iter().filter(|node| node.is_named()).collect();
                    let ends = named.first().zip(named.last());
                    let span = ends.map(|(first, last)| Span::new(to_span(first).start, to_span(last).end));
                    many.insert(name, span);
                }
                MetaVariable::Dropped(_) | MetaVariable::Multiple => {}
            }
        }
        Match { span: to_span(found), one, many }
    }
}

impl Shape {
    fn of(grammar: Grammar, text: &str) -> Option<Self> {
        let text = mask(text, EXPANDO);
        Some(Self { tree: parse(grammar, &text)?, text })
    }

    /// Whether nothing follows in a node that the pattern does not have: ast-grep lets an `else` or a `from` behind it go unseen.
    fn is_all_of(&self, node: &Node<'_, StrDoc<Grammar>>) -> bool {
        let mut own = self.tree.root();
        while own.kind() != node.kind() {
            let Ok([inner]) = <[tree_sitter::Node<'_>; 1]>::try_from(parts(own)) else { return true };
            own = inner;
        }
        self.is_same(own, node)
    }

    fn is_same(&self, own: tree_sitter::Node<'_>, node: &Node<'_, StrDoc<Grammar>>) -> bool {
        let text = |node: tree_sitter::Node<'_>| &self.text[node.byte_range()];
        let is_name = |c: char| c == EXPANDO || c == '_' || c.is_ascii_alphanumeric();
        let is_variable = |text: &str| text.starts_with(EXPANDO) && text.chars().all(is_name);
        let is_list = |text: &str| is_variable(text) && text.starts_with(&[EXPANDO; 3].iter().collect::<String>());
        let inner = parts(own);
        // A block has other statements behind the one that the pattern names.
        let is_block = |node: tree_sitter::Node<'_>| node.kind() == "block";
        if (is_variable(text(own)) && !is_block(own)) || inner.is_empty() {
            return true;
        }
        // `async` and `from` stand between other parts as well.
        let is_word = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
        let words = super::children(own).into_iter().filter(|child| !child.is_named()).map(text).filter(|text| is_word(text));
        let theirs: Vec<_> = node.children().filter(|child| !child.is_named() && is_word(&child.text())).collect();
        if !words.eq(theirs.iter().map(|child| child.text())) {
            return false;
        }
        if inner.iter().any(|child| is_list(text(*child)) && !is_block(*child)) {
            return true;
        }
        let found: Vec<_> = node.children().filter(|child| child.is_named() && !is_extra(&child.kind())).collect();
        inner.len() == found.len() && inner.iter().zip(&found).all(|(own, node)| self.is_same(*own, node))
    }
}

/// The named children of a node, apart from what may stand anywhere.
fn parts(node: tree_sitter::Node<'_>) -> Vec<tree_sitter::Node<'_>> {
    super::children(node).into_iter().filter(|child| child.is_named() && !is_extra(child.kind())).collect()
}

fn is_extra(kind: &str) -> bool {
    matches!(kind, "comment" | "line_continuation")
}

fn to_span(node: &Node<'_, StrDoc<Grammar>>) -> Span {
    let range = node.range();
    Span::new(range.start as u32, range.end as u32)
}

/// The `$$$`s of a pattern: where each stands with its name, and the name.
fn lists(text: &str) -> Vec<(std::ops::Range<usize>, &str)> {
    let starts = text.match_indices("$$$").map(|(at, _)| at);
    let list = |at: usize| {
        let behind = &text[at + 3..];
        let end = behind.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(behind.len());
        (at..at + 3 + end, &behind[..end])
    };
    starts.map(list).collect()
}

/// The pattern without some of the lists that stand between commas: all ways to leave out one or more.
fn shorter(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut waiting = vec![text.to_owned()];
    while let Some(text) = waiting.pop() {
        for (range, _) in lists(&text) {
            let (before, behind) = (&text[..range.start], &text[range.end..]);
            let without = match (before.trim_end().strip_suffix(','), behind.trim_start().strip_prefix(',')) {
                (Some(before), _) => format!("{before}{behind}"),
                (None, Some(behind)) => format!("{before}{}", behind.trim_start()),
                (None, None) => continue,
            };
            if !found.contains(&without) {
                found.push(without.clone());
                waiting.push(without);
            }
        }
    }
    found
}

/// The pattern with the other quotes around its strings: in TypeScript they mean the same. A string that has either in it keeps its own.
fn requoted(grammar: Grammar, text: &str) -> Vec<String> {
    if grammar == Grammar::Python {
        return Vec::new();
    }
    // A character takes the place of each `$` that is as long.
    let Some(tree) = parse(grammar, &mask(text, '_')) else { return Vec::new() };
    let mut strings = Vec::new();
    let mut waiting = vec![tree.root()];
    while let Some(node) = waiting.pop() {
        let range = node.byte_range();
        if node.kind() == "string" && !text[range.start + 1..range.end - 1].contains(['"', '\'', '\\']) {
            strings.push(range);
        } else {
            waiting.extend(super::children(node));
        }
    }
    let with = |quote: &str| {
        strings.iter().fold(text.to_owned(), |mut text, range| {
            text.replace_range(range.start..range.start + 1, quote);
            text.replace_range(range.end - 1..range.end, quote);
            text
        })
    };
    ["'", "\""].into_iter().map(with).filter(|other| other != text).collect()
}

/// The text with another character for each `$` of a metavariable.
fn mask(text: &str, with: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let dollars = rest.len() - rest.trim_start_matches('$').len();
        let is_name = rest[dollars..].starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
        let is_variable = (dollars == 1 && is_name) || dollars == 3;
        out.extend(std::iter::repeat_n(if is_variable { with } else { '$' }, dollars));
        rest = &rest[dollars..];
    }
    out + rest
}

/// The identifiers of a pattern that are no metavariables.
fn words(text: &str) -> BTreeSet<String> {
    const KEYWORDS: [&str; 10] = ["and", "as", "async", "await", "def", "for", "from", "import", "not", "return"];
    let is_part = |c: char| c == '_' || c == '$' || unicode_ident::is_xid_continue(c);
    // What is in a text is matched as it is, or not spelled as a word at all.
    let code = text.split(['"', '\'']).step_by(2);
    let words = code.flat_map(|code| code.split(|c: char| !is_part(c)));
    let is_word =
        |word: &&str| word.len() > 1 && !word.contains('$') && word.starts_with(|c: char| c == '_' || c.is_alphabetic());
    words.filter(is_word).filter(|word| !KEYWORDS.contains(word)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> Vec<String> {
        found_in(Grammar::Python, pattern, text)
    }

    fn found_in(grammar: Grammar, pattern: &str, text: &str) -> Vec<String> {
        let pattern = Pattern::parse(grammar, pattern).unwrap();
        let tree = parse(grammar, text).unwrap();
        let show = |found: Match| {
            let one = found.one.iter().map(|(name, span)| format!("{name}={}", &text[span.range()]));
            let many =
                found.many.iter().map(|(name, span)| format!("{name}=[{}]", span.map_or("", |span| &text[span.range()])));
            let all: Vec<String> = std::iter::once(text[found.span.range()].to_owned()).chain(one).chain(many).collect();
            all.join(" | ")
        };
        pattern.find(&tree, text).into_iter().map(show).collect()
    }

    #[test]
    fn one_node_and_any_number() {
        let text = "x = jwt.decode(token, key, algorithms=['a'])\njwt.decode(t)\n";
        assert_eq!(found("$F.decode($T)", text), ["jwt.decode(t) | F=jwt | T=t"]);
        assert_eq!(
            found("$F($T, $$$REST)", text),
            [
                "jwt.decode(token, key, algorithms=['a']) | F=jwt.decode | T=token | REST=[key, algorithms=['a']]",
                "jwt.decode(t) | F=jwt.decode | T=t | REST=[]",
            ]
        );
        assert_eq!(found("$F($$$A, algorithms=$X, $$$B)", text).len(), 1);
        assert_eq!(shorter("f($$$A, x, $$$B)"), ["f(x, $$$B)", "f($$$A, x)", "f(x)"]);
        assert!(shorter("f($$$A)").is_empty());
    }

    #[test]
    fn one_name_is_one_thing() {
        assert_eq!(found("$A + $A", "a + a\na + b\n"), ["a + a | A=a"]);
        assert_eq!(found("$X = os.environ[$K]", "v = os.environ['k']\nos.environ['k'] = v\n").len(), 1);
    }

    #[test]
    fn nothing_that_follows_goes_unseen() {
        assert_eq!(found("if $A: $$$B", "if a:\n    b\nelse:\n    c\nif d: e\n"), ["if d: e | A=d | B=[e]"]);
        assert_eq!(found("if $A: $B", "if a:\n    b\n    c\n"), [""; 0]);
        assert_eq!(found("try: $$$A\nexcept $E: $$$B", "try: a\nexcept b: c\nfinally: d\n"), [""; 0]);
        assert_eq!(found("raise $E", "raise a from b\nraise c\n"), ["raise c | E=c"]);
        assert_eq!(found("$A < $B", "a < b < c\n"), [""; 0]);
        assert_eq!(found("import json", "import json, os\nimport json  # why\n").len(), 1);
        assert_eq!(found("[$X for $X in $Y]", "[x async for x in y]\n[x for x in y if x]\n"), [""; 0]);
        assert_eq!(found("f($A, b=$B)", "f(1,\n  b=2,)\n").len(), 1);
        assert_eq!(found("@$D\ndef $F($$$): $$$", "@d\ndef f(a): return a\n").len(), 1);
    }

    #[test]
    fn patterns_of_typescript() {
        let found = |pattern: &str, text: &str| found_in(Grammar::TypeScript, pattern, text);
        assert_eq!(found("f($A)", "f<T>(x); f(x,); f(/* why */ x); f?.(x); f(x, y)").len(), 2);
        assert_eq!(found("f<$T>($A)", "f<T>(x); f(x)"), ["f<T>(x) | A=x | T=T"]);
        assert_eq!(found("f('a', $$$R)", "f(\"a\"); f('a', 1, 2)").len(), 2);
        assert_eq!(found("f<$T>(\"a\", /'/)", "f<T>('a', /'/); f<T>('a', /\"/)").len(), 1);
        assert_eq!(found("`/auth/${$X}`", "`/auth/${id}`; `/auth/${id}/x`; `/x/${id}`"), ["`/auth/${id}` | X=id"]);
        assert_eq!(found("const [, $P] = $T.split('.')", "const [, p] = t.split('.');\nlet [, p] = t.split('.')\n").len(), 1);
        assert_eq!(found("if ($A) { $$$B }", "if (a) { b; c }\nif (a) { b } else { c }\n").len(), 1);
        assert_eq!(found("async ($A) => $B", "async (a) => b; (a) => b; async (a) => { c }").len(), 2);
        assert_eq!(found("$F();", "a();\nb()\n").len(), 1);
        assert_eq!(found("{ a: $A, $$$ }", "x = { a: 1, b: 2 }").len(), 1);
        assert_eq!(found("({ a: $A, $$$ })", "x = ({ a: 1, b: 2 })").len(), 1);
        assert_eq!(found("$x.a", "$x.a; y.a").len(), 1);
        assert_eq!(found_in(Grammar::Tsx, "<A b={$X} $$$ />", "<A b={1} c />; <A c />").len(), 1);
        assert!(Pattern::parse(Grammar::TypeScript, "<A b={$X} />").is_err());
    }

    #[test]
    fn what_is_around() {
        let text = "async def f():\n    g(h(x))\n";
        let tree = parse(Grammar::Python, text).unwrap();
        let at = text.find("h(x)").unwrap() as u32;
        let around =
            |pattern: &str| Pattern::parse(Grammar::Python, pattern).unwrap().around(&tree, text, Span::new(at, at + 4));
        assert_eq!(around("g($A)").len(), 1);
        assert!(around("h($A)").is_empty());
    }

    #[test]
    fn what_is_no_pattern() {
        assert_eq!(
            Pattern::parse(Grammar::Python, "f(").err(),
            Some(NoPattern("this is not Python: `f(` is not expected".to_owned()))
        );
        assert!(Pattern::parse(Grammar::Python, "").is_err());
        assert!(Pattern::parse(Grammar::Python, "a\nb").is_err());
    }

    #[test]
    fn words_of_patterns() {
        let pattern = Pattern::parse(Grammar::Python, "await $W.close(code=1008, reason='policy', $$$)").unwrap();
        assert_eq!(pattern.words().collect::<Vec<_>>(), ["close", "code", "reason"]);
    }
}
