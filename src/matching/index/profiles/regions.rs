//! Where profiles look, and which of them may want a posting that is somewhere.

use crate::{
    domain::RemoteOption,
    matching::{
        index::places::{EVERYWHERE, Spot},
        location::Wish,
        profile::CompiledProfile,
    },
};

/// Where a profile looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Region {
    /// In an area.
    Area(u32),
    /// At remote postings of a country.
    RemoteIn(&'static str),
    /// At remote postings of any country.
    Remote,
    /// Wherever a posting may be that does not say.
    Unstated,
}

/// Every region in which a profile is to be found; `areas` are those of its places.
pub(super) fn regions(profile: &CompiledProfile, areas: &[u32]) -> Vec<Region> {
    if areas.is_empty() {
        return vec![Region::Area(EVERYWHERE)];
    }
    let mut regions: Vec<Region> = areas.iter().map(|area| Region::Area(*area)).collect();
    regions.push(Region::Unstated);
    if profile.wants_presence() {
        return regions;
    }
    let anywhere = |wish: &Wish| wish.is_remote() || wish.countries().next().is_none();
    if profile.places.iter().any(anywhere) {
        regions.push(Region::Remote);
    } else {
        let mut countries: Vec<_> = profile.places.iter().flat_map(Wish::countries).collect();
        countries.sort_unstable();
        countries.dedup();
        regions.extend(countries.into_iter().map(Region::RemoteIn));
    }
    regions
}

/// The regions whose profiles may want a posting that is there.
pub(super) fn looked_at(spot: &Spot) -> Vec<Region> {
    let mut regions = vec![Region::Area(EVERYWHERE)];
    let remote = spot.remote == Some(RemoteOption::Remote);
    if !spot.known || remote && spot.countries.is_empty() {
        regions.push(Region::Unstated);
        return regions;
    }
    regions.extend(spot.areas.iter().map(|area| Region::Area(*area)));
    if remote {
        regions.push(Region::Remote);
        regions.extend(spot.countries.iter().map(|code| Region::RemoteIn(code)));
    }
    regions
}
