//! Specifiers as text: what kind one is, and paths joined and taken apart as specifiers are.

/// The kinds of specifiers, by their spelling alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// `./x`, `../x`, `.`, `..`.
    Relative,
    /// `/x`: what it starts from is the server's or bundler's choice.
    Absolute,
    /// `http://…`, `data:…`, `virtual:…`.
    Url,
    /// Everything else: a package, `#imports`, or what a `tsconfig.json` makes of it.
    Bare,
}

impl Shape {
    /// The kind of a specifier.
    pub fn of(specifier: &str) -> Self {
        let first = specifier.split('/').next().unwrap_or_default();
        let scheme = first.split_once(':').map(|(scheme, _)| scheme);
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        match first {
            "." | ".." => Shape::Relative,
            "" if !specifier.is_empty() => Shape::Absolute,
            _ if scheme.is_some_and(|scheme| is_scheme(scheme) && scheme != "node") => Shape::Url,
            _ => Shape::Bare,
        }
    }
}

/// The specifier without what a bundler reads behind it (`./x.svg?url`).
pub(super) fn without_query(specifier: &str) -> &str {
    specifier.split('?').next().unwrap_or_default()
}

/// The path that a relative path means in a folder; `None` where it leads out of the top or is absolute.
pub fn join(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The relative specifier that leads from a folder to a path.
pub fn between(folder: &str, to: &str) -> String {
    let from: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = to.split('/').filter(|part| !part.is_empty()).collect();
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.len() - same;
    let start = if up == 0 { vec!["."] } else { vec![".."; up] };
    start.into_iter().chain(to[same..].iter().copied()).collect::<Vec<_>>().join("/")
}

/// The package that a bare specifier names (`a/b` of `a`, `@s/a/b` of `@s/a`); `None` where it cannot name one.
pub(super) fn package_name(specifier: &str) -> Option<&str> {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(parts - 1).map_or(specifier.len(), |(at, _)| at);
    let name = &specifier[..end];
    let is_part =
        |part: &str| !part.is_empty() && !part.starts_with(['.', '_', '#', '~', '$']) && !part.contains([':', '\\', ' ']);
    let is_name = name.split('/').count() == parts && name.trim_start_matches('@').split('/').all(is_part);
    is_name.then_some(name)
}

/// The endings of source files, longest first, each with the ending of the file that a compiler makes of it.
const ENDINGS: [(&str, &str); 11] = [
    (".d.ts", ".js"),
    (".d.mts", ".mjs"),
    (".d.cts", ".cjs"),
    (".tsx", ".js"),
    (".ts", ".js"),
    (".mts", ".mjs"),
    (".cts", ".cjs"),
    (".jsx", ".jsx"),
    (".js", ".js"),
    (".mjs", ".mjs"),
    (".cjs", ".cjs"),
];

/// A path without its source ending, that ending, and the ending of what a compiler makes of the file; `None` for other files.
pub(super) fn split_ending(path: &str) -> Option<(&str, &'static str, &'static str)> {
    let (ending, made) = ENDINGS.iter().find(|(ending, _)| path.ends_with(ending))?;
    Some((&path[..path.len() - ending.len()], ending, made))
}
