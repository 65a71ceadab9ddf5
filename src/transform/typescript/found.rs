//! Who finds a file, or what it exports, without an import: a package's users, a framework or runner that goes by the path, a page.

use crate::index::Index;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::transform::finding::Evidence;

/// The names by which Next.js finds the files of an `app` folder.
const ROUTES: [&str; 18] = [
    "page",
    "layout",
    "route",
    "loading",
    "error",
    "global-error",
    "not-found",
    "template",
    "default",
    "sitemap",
    "robots",
    "manifest",
    "icon",
    "opengraph-image",
    "apple-icon",
    "twitter-image",
    "forbidden",
    "unauthorized",
];

/// The names by which frameworks and runners find a file wherever it is.
const FOUND: [&str; 10] = [
    "middleware",
    "proxy",
    "instrumentation",
    "instrumentation-client",
    "setupTests",
    "setupProxy",
    "gulpfile",
    "Gruntfile",
    "service-worker",
    "next-env.d",
];

/// The endings of names that runners look for.
const SUFFIXES: [&str; 9] = [".config", ".test", ".spec", ".stories", ".story", ".setup", ".e2e", ".cy", ".bench"];

/// The folders all of whose files a runner finds.
const FOLDERS: [&str; 6] = ["__tests__", "__mocks__", "cypress", "e2e", "scripts", ".storybook"];

/// What makes a route of each file in some folders.
const ROUTER: &str = "the router, by its path";

/// By what a file is found, if by something.
pub fn found(index: &Index, file: FileId) -> Option<Evidence> {
    let path = &index.snapshot().get(file).path;
    let by = by_path(path).or_else(|| is_program(index, file).then_some("the command line"));
    let by_path = by.map(|by| Evidence { role: "found", at: Some((path.clone(), 1)), text: format!("by {by}") });
    by_path.or_else(|| by_package(index, file)).or_else(|| by_page(index, path))
}

/// Who finds a file otherwise, or not at all, once it lies elsewhere: a route is its path.
pub fn by_old_path(old: &RepoPath, new: &RepoPath) -> Option<&'static str> {
    let (was, is) = (by_path(old), by_path(new));
    let is_route = |by: &Option<&str>| *by == Some(ROUTER);
    was.filter(|_| was != is || is_route(&was)).or(is.filter(|_| is_route(&is)))
}

/// Who reads what a file exports, by its path alone.
pub fn by_exports(path: &RepoPath) -> Option<&'static str> {
    let text = path.as_str()?;
    let name = text.rsplit('/').next().unwrap_or(text);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_read = [".config", ".stories", ".story"].iter().any(|suffix| stem.ends_with(suffix)) || FOUND.contains(&stem);
    by_path(path).filter(|by| *by == ROUTER || is_read)
}

/// What finds a file by its path.
fn by_path(path: &RepoPath) -> Option<&'static str> {
    let text = path.as_str()?;
    let (folder, name) = text.rsplit_once('/').unwrap_or(("", text));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_in = |known: &str| folder.split('/').any(|part| part == known);
    if (is_in("app") && ROUTES.contains(&stem)) || is_in("pages") {
        return Some(ROUTER);
    }
    let is_runner = SUFFIXES.iter().any(|suffix| stem.ends_with(suffix)) || FOLDERS.iter().any(|known| is_in(known));
    if is_runner || FOUND.contains(&stem) {
        return Some("a tool, by its path");
    }
    (stem.ends_with("rc") && stem.starts_with('.') || name.ends_with(".setup.js")).then_some("a tool, by its name")
}

/// Whether a file starts with the line that makes it a program.
fn is_program(index: &Index, file: FileId) -> bool {
    index.text(file).is_ok_and(|text| text.starts_with("#!"))
}

/// The entry of a package through which others reach a file.
fn by_package(index: &Index, file: FileId) -> Option<Evidence> {
    let modules = index.typescript().modules();
    let path = &index.snapshot().get(file).path;
    let (manifest, entries) = modules.entries(path)?;
    let (entry, _) = entries.iter().find(|(_, leads_to)| *leads_to == file)?;
    Some(Evidence { role: "found", at: Some((manifest.clone(), 1)), text: format!("by users of the package: {entry}") })
}

/// A page that loads a file by its path.
fn by_page(index: &Index, path: &RepoPath) -> Option<Evidence> {
    let path = path.as_str()?;
    let pages = index.snapshot().files().iter().enumerate().filter(|(_, page)| page.path.extension() == Some(b"html"));
    pages.filter_map(|(at, page)| Some((FileId::new(at), page.path.as_str()?))).find_map(|(page, at)| {
        let folder = at.rsplit_once('/').map_or("", |(folder, _)| folder);
        let below = match folder {
            "" => path,
            folder => path.strip_prefix(folder)?.strip_prefix('/')?,
        };
        let text = index.text(page).ok()?;
        let start = text.find(below).filter(|start| text[..*start].ends_with(['"', '\'', '/']))?;
        let line = index.position(page, start as u32).line;
        let quoted = text.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default().trim().to_owned();
        Some(Evidence { role: "found", at: Some((RepoPath::new(at)?, line)), text: quoted })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_looked_for_or_not() {
        for path in [
            "web/app/(shop)/page.tsx",
            "web/src/pages/api/user.ts",
            "web/middleware.ts",
            "web/next.config.mjs",
            "web/a.test.ts",
            "web/ui/button.stories.tsx",
            "web/jest.setup.js",
            "web/__tests__/helper.ts",
            "web/.eslintrc.js",
            "web/.storybook/preview.ts",
            "web/app/blog/twitter-image.tsx",
            "web/instrumentation-client.ts",
        ] {
            assert!(by_path(&RepoPath::new(path).unwrap()).is_some(), "{path}");
        }
        let path = |text| RepoPath::new(text).unwrap();
        for (old, new) in [("a/pages/b.ts", "a/pages/c.ts"), ("a/b.ts", "a/pages/b.ts"), ("a/b.test.ts", "a/b.ts")] {
            assert!(by_old_path(&path(old), &path(new)).is_some(), "{old}");
        }
        assert_eq!(by_old_path(&path("a/b.test.ts"), &path("c/b.test.ts")), None);
        assert!(by_exports(&path("a/next.config.js")).is_some() && by_exports(&path("a/scripts/b.ts")).is_none());
        for path in ["web/app/panel.tsx", "web/lib/page.ts", "web/config.ts", "web/lib/testing.ts", "web/lib/auth.d.ts"] {
            assert!(by_path(&RepoPath::new(path).unwrap()).is_none(), "{path}");
        }
    }
}
