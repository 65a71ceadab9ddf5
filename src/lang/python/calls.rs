//! Calls in the concrete tree, and what stands around them: what is given, who waits for the result, and what would have to be put
//! in parentheses.
//!
//! Works on tree-sitter's tree alone. What is called is for the caller of these functions to know.

use tree_sitter::Node;

use super::imports::Source;
use crate::syntax;
use crate::text::span::Span;

/// A call of something by its dotted name.
#[derive(Clone, Debug)]
pub struct Call<'t> {
    node: Node<'t>,
    /// The whole call.
    pub span: Span,
    /// What is called.
    pub callee: Span,
    /// What is between the parentheses, and they.
    pub list: Span,
    /// The arguments, in source order.
    pub arguments: Vec<Argument<'t>>,
    /// The `await` whose operand the call is, parentheses apart.
    pub awaited: Option<Span>,
    /// What would run the call's code: the innermost function around it.
    pub colour: Colour,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Argument<'t> {
    /// The whole argument: with the keyword, or the stars.
    pub span: Span,
    /// Its value, with its own parentheses.
    pub value: Span,
    /// How it is given.
    pub form: ArgumentForm<'t>,
    /// What evaluating it may do.
    pub weight: Weight,
    /// Whether the value can stand where anything binds to it: before a dot, behind an operator.
    pub is_primary: bool,
}

/// How an argument is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgumentForm<'t> {
    /// By its place.
    Position,
    /// By this name.
    Keyword(&'t str),
    /// Unpacked: `*x` or `**x`.
    Unpacked,
    /// A form that stands in a call only by itself, such as a generator without parentheses.
    Odd,
}

/// What evaluating an expression may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weight {
    /// Nothing: it is the same whenever, and however often, it is evaluated.
    Constant,
    /// It is the literal `None`.
    None,
    /// It reads a name, which starts here.
    Name(u32),
    /// Whatever code can do.
    Effect,
}

/// Whether code can wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Colour {
    /// It is in an `async def`, and not in a function inside of it.
    Async,
    /// It is in a function that is not async, or in no function at all.
    Sync,
}

impl<'t> Call<'t> {
    /// The call of the dotted expression at a span; `None` where it is not called, or tree-sitter sees an error there.
    pub fn of(source: &Source<'t>, callee: Span) -> Option<Self> {
        let found = ["identifier", "attribute"].iter().find_map(|kind| source.tree.node_at(callee, kind))?;
        let node = found.parent().filter(|parent| parent.kind() == "call" && !parent.has_error())?;
        if node.child_by_field_name("function")?.id() != found.id() {
            return None;
        }
        let list = node.child_by_field_name("arguments")?;
        let outer = outermost(node);
        let awaited = outer.parent().filter(|parent| parent.kind() == "await").map(syntax::span);
        Some(Self {
            node,
            span: syntax::span(node),
            callee,
            list: syntax::span(list),
            arguments: arguments(source.text, list),
            awaited,
            colour: colour(node).unwrap_or(Colour::Sync),
        })
    }

    /// Whether the call's own text has a comment, which a new text would lose.
    pub fn has_comment(&self) -> bool {
        has_comment(self.node)
    }

    /// Whether there is a comment in what is called, whose text goes.
    pub fn callee_has_comment(&self) -> bool {
        self.node.child_by_field_name("function").is_some_and(has_comment)
    }

    /// Whether it is an argument of another call, whose function is this text.
    pub fn handed_to(&self, text: &'t str) -> Option<&'t str> {
        let list = outermost(self.node).parent()?;
        let list = if list.kind() == "keyword_argument" { list.parent()? } else { list };
        let call = list.parent().filter(|call| list.kind() == "argument_list" && call.kind() == "call")?;
        let callee = call.child_by_field_name("function")?;
        Some(&text[callee.byte_range()])
    }

    /// Whether the call is a statement by itself, awaited or not.
    pub fn is_statement(&self) -> bool {
        let node = self.await_node().map_or(outermost(self.node), outermost);
        node.parent().is_some_and(|parent| parent.kind() == "expression_statement")
    }

    /// The statement around the call that expects a failure or a warning: `with pytest.raises(…)` and the like, by its spelling.
    pub fn expecting(&self, text: &str) -> Option<Span> {
        const EXPECTING: [&str; 8] = [
            "raises",
            "warns",
            "deprecated_call",
            "assertRaises",
            "assertRaisesRegex",
            "assertWarns",
            "assertWarnsRegex",
            "raises_group",
        ];
        let expects = |item: Node<'_>| {
            let mut waiting = vec![item];
            while let Some(node) = waiting.pop() {
                if node.kind() == "call"
                    && let Some(callee) = node.child_by_field_name("function")
                    && let Some(name) = text[callee.byte_range()].rsplit('.').next()
                    && EXPECTING.contains(&name.trim())
                {
                    return true;
                }
                waiting.extend(syntax::children(node));
            }
            false
        };
        let statements = ancestors(self.node).take_while(|node| !matches!(node.kind(), "function_definition" | "lambda"));
        let mut with = statements.filter(|node| node.kind() == "with_statement");
        with.find_map(|with| {
            let clause = syntax::children(with).into_iter().find(|child| child.kind() == "with_clause")?;
            expects(clause).then(|| syntax::span(clause))
        })
    }

    /// Whether the call stands in a replacement field of an f-string.
    pub fn is_in_string(&self) -> bool {
        ancestors(self.node).any(|node| node.kind() == "interpolation")
    }

    /// Whether its own text is part of a string: `f"{call()=}"`.
    pub fn is_shown(&self) -> bool {
        is_shown(self.node)
    }

    /// Whether what takes the place of the call, or of the `await` around it, has to be in parentheses unless it is primary.
    pub fn binds_tightly(&self, with_await: bool) -> bool {
        binds_tightly(self.await_node().filter(|_| with_await).unwrap_or(self.node))
    }

    /// The parentheses that stand around the `await` alone, for it to be part of something that binds more tightly.
    pub fn parentheses_of_await(&self) -> Option<Span> {
        let parent = self.await_node()?.parent().filter(|parent| parent.kind() == "parenthesized_expression")?;
        let is_plain = syntax::children(parent).len() == 3;
        let around = parent.parent()?;
        let is_head = ["object", "value", "function"].iter().any(|field| {
            let is_it = |child: Node<'_>| child.id() == parent.id();
            around.child_by_field_name(field).is_some_and(is_it)
        });
        let is_tight = matches!(around.kind(), "attribute" | "subscript" | "call");
        (is_plain && is_head && is_tight).then(|| syntax::span(parent))
    }

    fn await_node(&self) -> Option<Node<'t>> {
        outermost(self.node).parent().filter(|parent| parent.kind() == "await")
    }

    /// Whether the call is evaluated together with a `for` of a comprehension or in a lambda: code that runs another time, or often.
    pub fn is_nested(&self) -> bool {
        ancestors(self.node).take_while(|node| !node.kind().ends_with("_statement") && node.kind() != "block").any(|node| {
            node.kind() == "lambda" || node.kind().ends_with("_comprehension") || node.kind() == "generator_expression"
        })
    }
}

/// Whether what stands around a node binds to it, so that what takes its place has to be in parentheses unless it is primary.
fn binds_tightly(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else { return false };
    let is_field = |name| parent.child_by_field_name(name).is_some_and(|child| child.id() == node.id());
    match parent.kind() {
        "module"
        | "block"
        | "expression_statement"
        | "return_statement"
        | "parenthesized_expression"
        | "argument_list"
        | "list"
        | "set"
        | "tuple"
        | "expression_list" => false,
        "assignment" | "augmented_assignment" => !is_field("right"),
        "keyword_argument" | "pair" => !is_field("value"),
        "subscript" => is_field("value"),
        _ => true,
    }
}

/// A piece of code: one node of the concrete tree, and what stands around it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'t>(Node<'t>);

impl<'t> Place<'t> {
    /// The outermost node with exactly this span; `None` where there is none, or tree-sitter sees an error in it.
    pub fn of(source: &Source<'t>, span: Span) -> Option<Self> {
        let found = source.tree.root().descendant_for_byte_range(span.range().start, span.range().end)?;
        let is_code = |node: &Node<'_>| !matches!(node.kind(), "module" | "block");
        let same = |node: &Node<'t>| node.parent().filter(|parent| syntax::span(*parent) == span && is_code(parent));
        let node = std::iter::successors(Some(found), same).last()?;
        (syntax::span(node) == span && !node.has_error()).then_some(Self(node))
    }

    /// What would run it: the innermost function around it; `None` where there is none.
    pub fn colour(self) -> Option<Colour> {
        colour(self.0)
    }

    /// Whether what takes its place has to be in parentheses unless it is primary.
    pub fn binds_tightly(self) -> bool {
        binds_tightly(self.0)
    }

    /// Whether it is a statement.
    pub fn is_statement(self) -> bool {
        self.0.parent().is_some_and(|parent| matches!(parent.kind(), "module" | "block"))
    }

    /// Whether it is a statement that Python takes nowhere else, and does not stand by itself: a part of `a = b = c`.
    pub fn is_part_of_statement(self) -> bool {
        matches!(self.0.kind(), "assignment" | "augmented_assignment") && !self.is_statement()
    }

    /// Whether a value is assigned to it, or it is deleted.
    pub fn is_target(self) -> bool {
        let mut node = self.0;
        if node.kind() == "as_pattern_target" {
            return true;
        }
        while let Some(parent) = node.parent() {
            let is_left = parent.child_by_field_name("left").is_some_and(|left| left.id() == node.id());
            match parent.kind() {
                "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause" => return is_left,
                "delete_statement" | "as_pattern_target" => return true,
                "pattern_list"
                | "tuple_pattern"
                | "list_pattern"
                | "list_splat_pattern"
                | "expression_list"
                | "parenthesized_expression"
                | "tuple"
                | "list" => node = parent,
                _ => return false,
            }
        }
        false
    }

    /// The block that it is a statement of, and how many statements that has; a module may be empty.
    pub fn block(self) -> Option<(Span, usize)> {
        let block = self.0.parent().filter(|parent| parent.kind() == "block")?;
        let statements = syntax::children(block).into_iter().filter(|child| child.is_named() && child.kind() != "comment");
        Some((syntax::span(block), statements.count()))
    }

    /// Whether it stands in a replacement field of an f-string.
    pub fn is_in_string(self) -> bool {
        ancestors(self.0).any(|node| node.kind() == "interpolation")
    }

    /// Whether its own text is part of a string: `f"{code=}"`.
    pub fn is_shown(self) -> bool {
        is_shown(self.0)
    }

    /// The comments in it.
    pub fn comments(self) -> Vec<Span> {
        let mut found = Vec::new();
        let mut waiting = vec![self.0];
        while let Some(node) = waiting.pop() {
            if node.kind() == "comment" {
                found.push(syntax::span(node));
            }
            waiting.extend(syntax::children(node));
        }
        found
    }

    /// The names of the keyword arguments, if it is a call, or an `await` of one.
    pub fn keywords(self, text: &'t str) -> Vec<&'t str> {
        let mut node = self.0;
        while matches!(node.kind(), "expression_statement" | "await" | "parenthesized_expression") {
            let Some(inner) = syntax::children(node).into_iter().find(|child| child.is_named()) else { break };
            node = inner;
        }
        let list = node.child_by_field_name("arguments").map(syntax::children).unwrap_or_default();
        let names = list.into_iter().filter(|child| child.kind() == "keyword_argument");
        names.filter_map(|argument| argument.child_by_field_name("name")).map(|name| &text[name.byte_range()]).collect()
    }

    /// What the `try` statements around it catch, if it stands in what they try: the expressions behind `except`.
    pub fn caught(self) -> Vec<Span> {
        let mut from = self.0;
        let mut found = Vec::new();
        for outer in ancestors(self.0).take_while(|node| !matches!(node.kind(), "function_definition" | "lambda")) {
            let is_body = outer.child_by_field_name("body").is_some_and(|body| body.id() == from.id());
            if outer.kind() == "try_statement" && is_body {
                let handlers = syntax::children(outer).into_iter().filter(|child| child.kind().starts_with("except"));
                let named = handlers.flat_map(syntax::children).filter(|child| child.is_named() && child.kind() != "block");
                found.extend(named.map(syntax::span));
            }
            from = outer;
        }
        found
    }
}

/// A node with the parentheses around it.
fn outermost(node: Node<'_>) -> Node<'_> {
    let parents =
        std::iter::successors(Some(node), |node| node.parent().filter(|parent| parent.kind() == "parenthesized_expression"));
    parents.last().unwrap_or(node)
}

/// Whether the code of a node is shown by an f-string: `f"{code=}"`.
fn is_shown(node: Node<'_>) -> bool {
    let mut fields = ancestors(node).filter(|node| node.kind() == "interpolation");
    fields.any(|field| syntax::children(field).iter().any(|child| child.kind() == "="))
}

fn ancestors(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    std::iter::successors(node.parent(), |node| node.parent())
}

fn has_comment(node: Node<'_>) -> bool {
    node.kind() == "comment" || syntax::children(node).into_iter().any(has_comment)
}

/// The colour of the function around a node; `None` where there is none.
fn colour(node: Node<'_>) -> Option<Colour> {
    let mut from = node;
    for outer in ancestors(node) {
        // Defaults, annotations and decorators are evaluated outside of the function.
        let is_body = outer.child_by_field_name("body").is_some_and(|body| body.id() == from.id());
        match outer.kind() {
            "lambda" if is_body => return Some(Colour::Sync),
            "function_definition" if is_body => {
                let is_async = syntax::children(outer).first().is_some_and(|child| child.kind() == "async");
                return Some(if is_async { Colour::Async } else { Colour::Sync });
            }
            "class_definition" if is_body => return None,
            _ => {}
        }
        from = outer;
    }
    None
}

fn arguments<'t>(text: &'t str, list: Node<'t>) -> Vec<Argument<'t>> {
    if list.kind() != "argument_list" {
        let span = syntax::span(list);
        let odd = Argument { span, value: span, form: ArgumentForm::Odd, weight: Weight::Effect, is_primary: false };
        return vec![odd];
    }
    let named = syntax::children(list).into_iter().filter(|child| child.is_named() && child.kind() != "comment");
    named.map(|child| argument(text, child)).collect()
}

fn argument<'t>(text: &'t str, node: Node<'t>) -> Argument<'t> {
    let (form, value) = match node.kind() {
        "keyword_argument" => {
            let name = node.child_by_field_name("name").map_or("", |name| &text[name.byte_range()]);
            (ArgumentForm::Keyword(name), node.child_by_field_name("value").unwrap_or(node))
        }
        "list_splat" | "dictionary_splat" => (ArgumentForm::Unpacked, node),
        "named_expression" | "yield" => (ArgumentForm::Odd, node),
        _ => (ArgumentForm::Position, node),
    };
    Argument {
        span: syntax::span(node),
        value: syntax::span(value),
        form,
        weight: weight(value),
        is_primary: matches!(
            value.kind(),
            "identifier"
                | "attribute"
                | "call"
                | "subscript"
                | "parenthesized_expression"
                | "list"
                | "dictionary"
                | "set"
                | "tuple"
                | "true"
                | "false"
                | "none"
                | "string"
        ),
    }
}

fn weight(node: Node<'_>) -> Weight {
    match node.kind() {
        "none" => Weight::None,
        "true" | "false" | "integer" | "float" | "ellipsis" => Weight::Constant,
        "string" if !syntax::children(node).iter().any(|child| child.kind() == "interpolation") => Weight::Constant,
        "identifier" => Weight::Name(node.start_byte() as u32),
        "parenthesized_expression" => match syntax::children(node).into_iter().find(|child| child.is_named()) {
            Some(inner) => weight(inner),
            None => Weight::Effect,
        },
        "unary_operator" | "binary_operator" | "tuple" => {
            let mut parts = syntax::children(node).into_iter().filter(|child| child.is_named());
            match parts.all(|part| matches!(weight(part), Weight::Constant | Weight::None)) {
                true => Weight::Constant,
                false => Weight::Effect,
            }
        }
        _ => Weight::Effect,
    }
}
