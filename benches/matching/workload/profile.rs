//! Profiles of users.

use career_worker::domain::{Profile, UserId};
use serde_json::{Value, json};

use super::{Draw, Stream, World};

impl World {
    /// The profile of user number `id`: a title, 5 to 15 technologies, 1 to 3 cities, and what four, six or eight of ten state beside.
    pub fn profile(&self, id: usize) -> Profile {
        let draw = &mut Draw::new(Stream::Profile as u64, id);
        let title = &self.titles[self.by_title.draw(draw)];
        let count = 5 + draw.below(11);
        let technologies = self.technologies(title, count, draw);
        let cities: Vec<_> =
            (0..=draw.share(&[0.65, 0.28, 0.07])).map(|_| self.city(self.by_city.draw(draw))).collect();
        let pay = draw.chance(0.6).then(|| 1_000 * (25 + draw.below(60) as i32));
        Profile {
            user_id: UserId(id as i32),
            current_title: None,
            current_company: None,
            years_experience: draw.chance(0.6).then(|| draw.below(20) as i32),
            desired_title: Some(title.words.join(" ")),
            desired_locations: json!(cities),
            tech_stack: json!(self.names(&technologies)),
            salary_expectation_min: pay,
            salary_expectation_max: pay.map(|pay| pay + 20_000),
            salary_currency: pay.map(|_| "EUR".to_owned()),
            remote_preference: draw.chance(0.4).then(|| draw.of(&["remote", "hybrid"]).to_owned()),
            job_types: if draw.chance(0.8) { json!(["full-time"]) } else { Value::Null },
            visa_sponsorship_needed: None,
            preferred_companies: Value::Null,
        }
    }
}
