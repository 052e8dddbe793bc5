//! Which row gets which URL, and which row a posting without one goes to by its URL.

use std::collections::HashSet;

use super::{Target, Write, distinct_url, numbered_url, planner::Planner};

/// Characters of `jobs.url`.
const LONGEST: usize = 1000;
/// Characters of an id and what is before it.
const NUMBER: usize = 11;

impl Planner<'_> {
    /// Rows whose owner has another URL now let go of the old one, then take the new one where it is free.
    pub(super) fn move_urls(&mut self) {
        let mut moving = Vec::new();
        for n in 0..self.items.len() {
            let Some(Some(Target::Row(id))) = self.targets.get(n).copied() else { continue };
            if !self.owns(n, Target::Row(id)) || !self.writes(n) {
                continue;
            }
            moving.push((n, id));
        }
        let mut stays = HashSet::new();
        for (n, id) in &moving {
            let (Some(item), Some(row)) = (self.items.get(*n), self.rows.get(id)) else { continue };
            if row.url.as_deref() == Some(&item.posting.url) {
                stays.insert(*n);
                self.urls.insert(*n, row.url.clone());
            } else if let Some(url) = &row.url
                && self.holders.get(url) == Some(&Target::Row(*id))
            {
                self.holders.remove(url);
            }
        }
        for (n, id) in moving {
            let target = Target::Row(id);
            let Some(item) = self.items.get(n) else { continue };
            for rows in self.shadowed.values_mut() {
                rows.retain(|row| *row != target);
            }
            let posting = item.posting;
            if !stays.contains(&n) {
                self.claim_url(n, target);
            }
            let shown = self.rows.get(&id).map(|row| (&row.title, &row.location));
            if !stays.contains(&n) || shown != Some((&posting.title, &posting.location)) {
                self.plan.unsettle.extend(
                    self.mates
                        .get(&id)
                        .into_iter()
                        .flatten()
                        .filter(|mate| !self.batch.contains_key(&(mate.key.0.as_str(), mate.key.1.as_str())))
                        .filter(|mate| mate.key.0 == posting.source)
                        .map(|mate| mate.key.clone()),
                );
            }
        }
    }

    /// The plain URL where it is free, else with the identity behind it, else with that and the id of the row; none where that is too long.
    fn claim_url(&mut self, n: usize, target: Target) {
        let Some(item) = self.items.get(n) else { return };
        let plain = &item.posting.url;
        let distinct = distinct_url(plain, &item.posting.source, &item.posting.source_id);
        let length = distinct.chars().count();
        let url = if plain.is_empty() {
            None
        } else if !self.holders.contains_key(plain) {
            Some(plain.clone())
        } else {
            self.shadowed.entry(plain.clone()).or_default().push(target);
            if length <= LONGEST && !self.holders.contains_key(&distinct) {
                Some(distinct)
            } else if length + NUMBER > LONGEST {
                None
            } else {
                Some(match target {
                    Target::Row(id) => numbered_url(&distinct, id),
                    Target::New(index) => {
                        if let Some(insert) = self.plan.inserts.get_mut(index) {
                            insert.numbered = true;
                        }
                        distinct
                    }
                })
            }
        };
        // A number that is still to be drawn is nobody else's.
        if let Some(url) = &url {
            self.holders.entry(url.clone()).or_insert(target);
        }
        self.urls.insert(n, url);
    }

    pub(super) fn place_by_url(&mut self) {
        for n in 0..self.items.len() {
            if self.targets.get(n) != Some(&None) {
                continue;
            }
            let Some(item) = self.items.get(n) else { continue };
            let url = &item.posting.url;
            let holder = self.holders.get(url).copied();
            let target = holder
                .into_iter()
                .chain(self.shadowed.get(url).into_iter().flatten().copied())
                .filter(|_| !url.is_empty())
                .find(|target| self.shows_same(n, *target));
            if let Some(target) = target {
                self.assign(n, target);
                if let Target::Row(id) = target
                    && self.owns(n, target)
                {
                    let url = self.rows.get(&id).and_then(|row| row.url.clone());
                    self.urls.insert(n, url);
                }
            } else {
                let target = Target::New(self.plan.inserts.len());
                self.plan.inserts.push(Write {
                    item: n,
                    row: 0,
                    url: None,
                    numbered: false,
                    with_source_id: true,
                    activate: true,
                });
                self.assign(n, target);
                self.claim_url(n, target);
            }
        }
    }

    /// Whether posting `n` may share the row `target`, which has its URL. An employer's own postings are never put together, unless they
    /// cannot be told apart.
    fn shows_same(&self, n: usize, target: Target) -> bool {
        let Some(item) = self.items.get(n) else { return false };
        let posting = item.posting;
        let of_user = match target {
            Target::Row(id) => self.rows.get(&id).is_some_and(|row| row.of_user),
            Target::New(_) => false,
        };
        if of_user {
            return false;
        }
        !self.has_sibling(n, target)
            || self
                .owner_shows(target)
                .is_some_and(|shown| shown.source == posting.source && shown.equals(posting))
    }
}
