//! The decisions of [`super::plan`] on identities, one step a function; those on URLs are in `urls`.

use std::collections::{BTreeMap, HashMap};

use super::{Item, Key, Known, Mate, Plan, Row, Sighting, Target, Write};
use crate::domain::Posting;

pub(super) struct Planner<'a> {
    pub(super) items: &'a [Item<'a>],
    pub(super) known: Vec<Option<Known>>,
    pub(super) rows: BTreeMap<i32, Row>,
    pub(super) mates: BTreeMap<i32, Vec<Mate>>,
    /// Position in the batch by identity.
    pub(super) batch: HashMap<(&'a str, &'a str), usize>,
    /// Who has a URL of `jobs`.
    pub(super) holders: HashMap<String, Target>,
    /// Rows by the URL their owner has, where `jobs.url` is another one.
    pub(super) shadowed: HashMap<String, Vec<Target>>,
    /// Where each posting goes, and those that come to each row.
    pub(super) targets: Vec<Option<Target>>,
    pub(super) guests: BTreeMap<Target, Vec<usize>>,
    pub(super) owners: BTreeMap<Target, Owner>,
    pub(super) urls: HashMap<usize, Option<String>>,
    pub(super) plan: Plan,
}

/// Who writes a row's content: a sighting outside the batch, or one in it.
#[derive(Clone, Debug)]
pub(super) enum Owner {
    Away(Key),
    Item(usize),
}

/// What tells two postings of one source with one URL apart.
pub(super) struct Shown<'a> {
    pub(super) source: &'a str,
    url: &'a str,
    title: &'a str,
    location: Option<&'a str>,
}

impl Shown<'_> {
    pub(super) fn equals(&self, posting: &Posting) -> bool {
        (self.url, self.title, self.location)
            == (posting.url.as_str(), posting.title.as_str(), posting.location.as_deref())
    }
}

impl<'a> Planner<'a> {
    pub(super) fn new(items: &'a [Item<'a>], known: Vec<Known>, rows: Vec<Row>, mates: Vec<Mate>) -> Self {
        let batch: HashMap<_, _> = items
            .iter()
            .enumerate()
            .map(|(n, item)| ((item.posting.source.as_str(), item.posting.source_id.as_str()), n))
            .collect();
        let mut of_item: Vec<Option<Known>> = items.iter().map(|_| None).collect();
        for sighting in known {
            if let Some(slot) = batch
                .get(&(sighting.key.0.as_str(), sighting.key.1.as_str()))
                .and_then(|n| of_item.get_mut(*n))
            {
                *slot = Some(sighting);
            }
        }
        let holders = rows.iter().filter_map(|row| Some((row.url.clone()?, Target::Row(row.id)))).collect();
        let rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        let mut shadowed: HashMap<String, Vec<Target>> = HashMap::new();
        let mut owners = BTreeMap::new();
        let mut of_row: BTreeMap<i32, Vec<Mate>> = BTreeMap::new();
        for mate in mates {
            let target = Target::Row(mate.job_id);
            if mate.is_owner {
                let owner = match batch.get(&(mate.key.0.as_str(), mate.key.1.as_str())) {
                    Some(n) => Owner::Item(*n),
                    None => Owner::Away(mate.key.clone()),
                };
                owners.insert(target, owner);
                if rows.get(&mate.job_id).is_some_and(|row| row.url.as_deref() != Some(&mate.url)) {
                    shadowed.entry(mate.url.clone()).or_default().push(target);
                }
            }
            of_row.entry(mate.job_id).or_default().push(mate);
        }
        Self {
            targets: vec![None; items.len()],
            items,
            known: of_item,
            rows,
            mates: of_row,
            batch,
            holders,
            shadowed,
            guests: BTreeMap::new(),
            owners,
            urls: HashMap::new(),
            plan: Plan::default(),
        }
    }

    /// Identity first: a posting with a sighting stays on its row, unless it only follows another of its own source and the two can be
    /// told apart by now.
    pub(super) fn follow_sightings(&mut self) {
        for n in 0..self.items.len() {
            let Some(Some(known)) = self.known.get(n) else { continue };
            let target = Target::Row(known.job_id);
            if known.is_owner || !self.left_behind(n, known.job_id) {
                self.assign(n, target);
            }
        }
    }

    fn left_behind(&self, n: usize, job_id: i32) -> bool {
        let Some(posting) = self.items.get(n).map(|item| item.posting) else { return false };
        let target = Target::Row(job_id);
        match self.owner_shows(target) {
            Some(shown) if shown.source == posting.source => !shown.equals(posting),
            _ => self.has_sibling(n, target),
        }
    }

    /// Whether a row shows another posting of the source of posting `n`, be it since before or from this batch on.
    pub(super) fn has_sibling(&self, n: usize, target: Target) -> bool {
        let Some(posting) = self.items.get(n).map(|item| item.posting) else { return false };
        let comes = self.guests.get(&target).into_iter().flatten().filter_map(|guest| self.items.get(*guest));
        let mates = match target {
            Target::Row(id) => self.mates.get(&id),
            Target::New(_) => None,
        };
        comes.into_iter().any(|guest| guest.posting.source == posting.source)
            || mates
                .into_iter()
                .flatten()
                .any(|mate| mate.key.0 == posting.source && mate.key.1 != posting.source_id && !mate.gone)
    }

    /// What the owner of a row shows there.
    pub(super) fn owner_shows(&self, target: Target) -> Option<Shown<'_>> {
        match (self.owners.get(&target)?, target) {
            (Owner::Item(owner), _) => {
                let posting = self.items.get(*owner)?.posting;
                Some(Shown {
                    source: &posting.source,
                    url: &posting.url,
                    title: &posting.title,
                    location: posting.location.as_deref(),
                })
            }
            (Owner::Away(key), Target::Row(id)) => {
                let row = self.rows.get(&id)?;
                let mate = self.mates.get(&id)?.iter().find(|mate| mate.key == *key)?;
                Some(Shown {
                    source: &mate.key.0,
                    url: &mate.url,
                    title: &row.title,
                    location: row.location.as_deref(),
                })
            }
            (Owner::Away(_), Target::New(_)) => None,
        }
    }

    /// A row from before this program, or one whose sighting was lost, that carries the identity itself.
    pub(super) fn adopt_by_identity(&mut self) {
        let by_identity: Vec<_> = self
            .rows
            .values()
            .filter(|row| !row.of_user && !self.owners.contains_key(&Target::Row(row.id)))
            .filter_map(|row| {
                let key = (row.source.as_deref()?, row.source_id.as_deref()?);
                Some((*self.batch.get(&key)?, Target::Row(row.id)))
            })
            .collect();
        for (n, target) in by_identity {
            if self.targets.get(n) == Some(&None) {
                self.assign(n, target);
            }
        }
    }

    /// Sends posting `n` to `target`; it becomes the owner where there is none any more.
    pub(super) fn assign(&mut self, n: usize, target: Target) {
        if let Some(slot) = self.targets.get_mut(n) {
            *slot = Some(target);
        }
        self.guests.entry(target).or_default().push(n);
        let takes_over = match (self.owners.get(&target), target) {
            (Some(Owner::Item(_)), _) | (Some(Owner::Away(_)), Target::New(_)) => false,
            (Some(Owner::Away(key)), Target::Row(id)) => {
                let key = key.clone();
                let gone = self
                    .mates
                    .get(&id)
                    .is_some_and(|mates| mates.iter().any(|mate| mate.key == key && mate.gone));
                if gone {
                    self.plan.disown.push(key);
                }
                gone
            }
            (None, Target::New(_)) => true,
            // A row that carries another source's identity keeps its content.
            (None, Target::Row(id)) => self.rows.get(&id).is_some_and(|row| {
                row.source_id.is_none()
                    || self.items.get(n).is_some_and(|item| {
                        row.source.as_deref() == Some(&item.posting.source)
                            && (row.source_id.as_deref() == Some(&item.posting.source_id)
                                || row.url.as_deref() == Some(&item.posting.url))
                    })
            }),
        };
        if takes_over {
            self.owners.insert(target, Owner::Item(n));
        }
    }

    pub(super) fn owns(&self, n: usize, target: Target) -> bool {
        matches!(self.owners.get(&target), Some(Owner::Item(owner)) if *owner == n)
    }

    /// Whether posting `n`, the owner of its row, has something to write there.
    pub(super) fn writes(&self, n: usize) -> bool {
        match (self.known.get(n), self.items.get(n)) {
            (Some(Some(known)), Some(item)) => {
                !known.is_owner || known.stale || known.content_hash != item.content_hash
            }
            _ => true,
        }
    }

    pub(super) fn finish(mut self, board: &str) -> Plan {
        let identities: HashMap<Key, Target> = self
            .rows
            .values()
            .filter_map(|row| Some(((row.source.clone()?, row.source_id.clone()?), Target::Row(row.id))))
            .collect();
        for n in 0..self.items.len() {
            let (Some(item), Some(Some(target))) = (self.items.get(n), self.targets.get(n).copied()) else {
                continue;
            };
            let known = self.known.get(n).and_then(Option::as_ref);
            let owner = self.owns(n, target);
            let writes = owner && self.writes(n);
            let changed = known.is_some_and(|known| known.content_hash != item.content_hash);
            match known {
                None => self.plan.new += 1,
                Some(known) => {
                    self.plan.changed += u64::from(changed);
                    self.plan.returned += u64::from(known.missing || known.gone);
                }
            }
            let with_source_id = identities
                .get(&(item.posting.source.clone(), item.posting.source_id.clone()))
                .is_none_or(|holder| *holder == target);
            let url = self.urls.get(&n).cloned().flatten();
            let url_taken = if writes {
                url.as_deref() != Some(&item.posting.url)
            } else {
                owner && known.is_some_and(|known| known.url_taken)
            };
            match target {
                Target::New(index) => {
                    if owner && let Some(insert) = self.plan.inserts.get_mut(index) {
                        insert.url = url;
                        insert.with_source_id = with_source_id;
                    }
                }
                Target::Row(id) => {
                    let Some(row) = self.rows.get(&id) else { continue };
                    let activate = !row.is_active && Self::comes_back(known, id, self.mates.get(&id));
                    if writes {
                        let source_id = with_source_id.then_some(item.posting.source_id.as_str());
                        if row.url != url
                            || row.source.as_deref() != Some(&item.posting.source)
                            || row.source_id.as_deref() != source_id
                        {
                            self.plan.release.push(id);
                        }
                        let numbered = false;
                        self.plan.updates.push(Write {
                            item: n,
                            row: id,
                            url,
                            numbered,
                            with_source_id,
                            activate,
                        });
                    } else if activate {
                        self.plan.reactivate.push(id);
                    }
                    let other_to_match = known.is_none_or(|known| {
                        !known.is_owner || known.stale || known.match_hash != item.match_hash
                    });
                    if activate || (writes && other_to_match) {
                        self.plan.requeue.push(id);
                    }
                }
            }
            let quiet = known.is_some_and(|known| {
                !changed
                    && !known.missing
                    && !known.stale
                    && known.board == board
                    && Target::Row(known.job_id) == target
                    && known.is_owner == owner
            });
            if !quiet {
                self.plan.sightings.push(Sighting { item: n, target, is_owner: owner, url_taken });
            }
        }
        for list in [&mut self.plan.release, &mut self.plan.reactivate, &mut self.plan.requeue] {
            list.sort_unstable();
            list.dedup();
        }
        self.plan.updates.sort_by_key(|write| write.row);
        self.plan
    }

    /// An inactive row becomes active again when the posting was gone, or when nobody else shows it; a row that retention made inactive
    /// while it is still listed stays so.
    fn comes_back(known: Option<&Known>, id: i32, mates: Option<&Vec<Mate>>) -> bool {
        match known {
            Some(known) if known.job_id == id => known.gone,
            _ => mates.into_iter().flatten().all(|mate| mate.gone),
        }
    }
}
