//! A page: its blocks of code, its links and its anchors.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A page of Markdown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    /// From the root of the repository, with slashes.
    pub(crate) path: String,
    pub(crate) blocks: Vec<Block>,
    /// Lines and destinations.
    pub(crate) links: Vec<(usize, String)>,
    pub(crate) anchors: BTreeSet<String>,
}

/// A block of code.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The line of its first line of text, counted from 1.
    pub(crate) line: usize,
    /// The words behind the fence; `None` where the block is indented.
    pub(crate) info: Option<String>,
    pub(crate) text: String,
}

/// What is done with a block of commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is run, where all that it needs is there.
    Run,
    /// A script that CI runs has its commands; this is its path.
    RunBy(String),
    /// It is not run, for the reason that its first line gives.
    NotRun,
}

impl Block {
    pub(crate) fn language(&self) -> &str {
        self.info.as_deref().unwrap_or_default().split_whitespace().next().unwrap_or_default()
    }

    pub(crate) fn flags(&self) -> impl Iterator<Item = &str> {
        self.info.as_deref().unwrap_or_default().split_whitespace().skip(1)
    }

    pub(crate) fn needs(&self, what: &str) -> bool {
        self.flags().any(|flag| flag.strip_prefix("needs-") == Some(what))
    }

    /// The file that the block is, in the page's folder.
    pub(crate) fn file(&self) -> Option<&str> {
        self.flags().find_map(|flag| flag.strip_prefix("file="))
    }

    /// The folder of the repository that its commands are run in a copy of.
    pub(crate) fn folder(&self) -> Option<&str> {
        self.flags().find_map(|flag| flag.strip_prefix("in="))
    }

    /// What is done with it; an error where the flags say nothing that can be done.
    pub(crate) fn fate(&self) -> Result<Fate, String> {
        let mut fate = Fate::Run;
        for flag in self.flags() {
            match flag.split_once('=') {
                Some(("run-by", path)) => fate = Fate::RunBy(path.to_owned()),
                Some(("in", folder)) if !folder.is_empty() && !folder.contains(['\'', '.']) => {}
                None if flag == "not-run" => fate = Fate::NotRun,
                None if super::shell::NEEDS.iter().any(|need| flag == format!("needs-{}", need.word)) => {}
                _ => return Err(format!("the flag `{flag}` is unknown")),
            }
        }
        Ok(fate)
    }

    /// Whether it shows commands, by what it says or by how it looks.
    fn looks_like_shell(&self) -> bool {
        const SHELLS: [&str; 7] = ["console", "sh", "bash", "zsh", "shell", "shell-session", "terminal"];
        const PROGRAMS: [&str; 11] =
            ["smcheck", "cargo", "just", "aws", "pip", "pytest", "npm", "npx", "uvx", "curl", "docker"];
        let begins = |line: &str| {
            let line = line.trim_start();
            let mut words = line.split_whitespace();
            let first = words.by_ref().find(|word| !word.contains('=')).unwrap_or_default();
            line.starts_with("$ ") || PROGRAMS.contains(&first)
        };
        match self.language() {
            // What a program printed may name commands.
            "text" => self.text.lines().any(|line| line.starts_with("$ ")),
            "" => self.text.lines().any(begins),
            language => SHELLS.contains(&language),
        }
    }
}

impl Page {
    pub(crate) fn read(root: &Path, path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        Ok(Self::parse(&name, &text))
    }

    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let mut page = Page { path: path.to_owned(), ..Page::default() };
        let line_of = |at: usize| text[..at].matches('\n').count() + 1;
        let mut block: Option<Block> = None;
        let mut heading: Option<String> = None;
        let mut seen = BTreeMap::new();
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
        for (event, span) in Parser::new_ext(text, options).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let (info, line) = match kind {
                        CodeBlockKind::Fenced(info) => (Some(info.to_string()), line_of(span.start) + 1),
                        CodeBlockKind::Indented => (None, line_of(span.start)),
                    };
                    block = Some(Block { line, info, text: String::new() });
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let slug = slug(&heading.take().unwrap_or_default());
                    let count = seen.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0);
                    let anchor = if *count == 0 { slug } else { format!("{slug}-{count}") };
                    page.anchors.insert(anchor);
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push((line_of(span.start), dest_url.to_string()));
                }
                Event::Text(said) | Event::Code(said) => {
                    if let Some(block) = &mut block {
                        block.text.push_str(&said);
                    } else if let Some(heading) = &mut heading {
                        heading.push_str(&said);
                    }
                }
                Event::Html(said) | Event::InlineHtml(said) => {
                    let ids = said.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next());
                    page.anchors.extend(ids.map(str::to_owned));
                }
                _ => {}
            }
        }
        page
    }

    /// Whether its blocks of commands are held to the convention.
    pub(crate) fn has_commands_to_hold(&self) -> bool {
        let held = ["docs/", "examples/"].iter().any(|folder| self.path.starts_with(folder));
        (self.path == "README.md" || held) && self.blocks.iter().any(Block::looks_like_shell)
    }

    /// The blocks whose commands are run.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &Block> {
        self.blocks
            .iter()
            .filter(|block| block.language() == "console" && matches!(block.fate(), Ok(Fate::Run)))
    }
}

/// The anchor that a heading gets where Markdown is commonly read.
fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// Blocks of commands that are neither run nor marked with what else is done with them.
pub(crate) fn unmarked(page: &Page, root: &Path) -> Vec<String> {
    let wrong = |block: &Block| {
        let fate = match block.language() {
            "console" => block.fate(),
            _ => Err("commands stand in a ```console block, and are run".to_owned()),
        };
        // What is built is not there yet where only the pages are looked at.
        let missing = |folder: &&str| !folder.starts_with("target/") && !root.join(folder).is_dir();
        if let Some(folder) = block.folder().filter(missing) {
            return Some(format!("there is no folder {folder}"));
        }
        let commands: Vec<&str> = block.text.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
        if commands.is_empty() {
            return Some("no line begins with `$ `, so that nothing would be run".to_owned());
        }
        match fate {
            Err(why) => Some(why),
            Ok(Fate::Run) => None,
            Ok(Fate::NotRun) => {
                let first = block.text.lines().next().unwrap_or_default();
                let reason = first.strip_prefix("# not run in CI: ").unwrap_or_default();
                (reason.trim().len() < 8).then(|| {
                    "the first line of a block with `not-run` is `# not run in CI: ` and a reason".to_owned()
                })
            }
            Ok(Fate::RunBy(path)) => {
                let Ok(script) = std::fs::read_to_string(root.join(&path)) else {
                    return Some(format!("there is no {path}"));
                };
                let bare = |command: &&str| command.split(" #").next().unwrap_or_default().trim().to_owned();
                let missing = commands.iter().map(bare).find(|command| !script.contains(command.as_str()));
                missing.map(|command| format!("{path} does not run `{command}`"))
            }
        }
    };
    let shells = page.blocks.iter().filter(|block| block.looks_like_shell());
    shells
        .filter_map(|block| wrong(block).map(|why| format!("{}:{}: {why}", page.path, block.line)))
        .collect()
}

/// What is wrong on purpose is told.
pub(crate) fn notices(root: &Path) {
    let count = |text: &str| unmarked(&Page::parse("docs/x.md", text), root).len();
    assert_eq!(count("```console\n$ true\n```\n"), 0);
    assert_eq!(count("```console run-by=.ci/run\n$ cargo test 2>&1\n```\n"), 0);
    assert_eq!(count("```console run-by=.ci/run\n$ cargo frobnicate\n```\n"), 1);
    assert_eq!(count("```console not-run\n# not run in CI: it calls AWS\n$ true\n```\n"), 0);
    assert_eq!(count("```console not-run\n$ true\n```\n"), 1);
    assert_eq!(count("```console in=examples/pytest\n$ true\n```\n"), 0);
    assert_eq!(count("```console in=no/such/folder\n$ true\n```\n"), 1);
    assert_eq!(count("```console in=../elsewhere\n$ true\n```\n"), 1);
    assert_eq!(count("```console needs-luck\n$ true\n```\n"), 1);
    assert_eq!(count("```console\nsmcheck run\n```\n"), 1);
    assert_eq!(count("```sh\n$ true\n```\n"), 1);
    assert_eq!(count("```\nsmcheck run\n```\n"), 1);
    assert_eq!(count("text\n\n    UPDATE=1 cargo test\n"), 1);
    assert_eq!(count("```text\n$ smcheck run\n```\n"), 1);
    assert_eq!(count("```text\n  more  smcheck run\n```\n"), 0);
    assert_eq!(count("```yaml\nrun: cargo test\n```\n"), 0);
}
