//! The words of the workload.
//!
//! Each is a word of its own: no two share a stem or a synonym in any language and none is a query operator, so that engines without
//! stems and synonyms give the same matches. `verify::vocabulary` holds the lists to it.

use std::sync::LazyLock;

/// Ends of titles, the most frequent first.
pub static ROLES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "developer, engineer, manager, analyst, consultant, designer, specialist, nurse, technician, \
         architect, assistant, accountant, administrator, coordinator, representative, driver, teacher, \
         scientist, operator, recruiter, director, tester, buyer, planner, electrician, mechanic, \
         therapist, pharmacist, lawyer, auditor, controller, officer, advisor, writer, editor, supervisor, \
         researcher, clerk, cashier, translator, surveyor, welder, chef, guard",
    )
});

/// What stands before them.
pub static QUALIFIERS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "software, data, product, sales, project, marketing, frontend, backend, cloud, security, mobile, \
         business, systems, network, financial, customer, quality, database, support, machine, supply, \
         devops, technical, web, clinical, medical, platform, content, social, logistics, legal, tax, \
         credit, risk, investment, insurance, dental, physical, primary, secondary, graduate, executive, \
         retail, store, restaurant, hotel, travel, event, graphic, visual, motion, industrial, process, \
         chemical, environmental, energy, solar, automotive, aerospace, marine, construction, site, \
         maintenance, field, delivery, truck, forklift, assembly, manufacturing, plant, laboratory, \
         biology, chemistry, physics, statistics, analytics, growth, brand, digital, media, embedded, \
         firmware, game, warehouse, hydraulic, fiber, payroll, treasury, pension, procurement, compliance, \
         privacy, fraud, storage, kitchen, garden",
    )
});

/// Levels in front of titles, the most frequent first.
pub static LEVELS: LazyLock<Vec<&str>> =
    LazyLock::new(|| list("senior, junior, lead, principal, staff, head, mid, trainee"));

/// Technologies that people know, the most frequent first. More are made up.
pub static TECHNOLOGIES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "python, java, javascript, sql, react, aws, typescript, docker, kubernetes, linux, git, angular, \
         azure, spring, postgres, node, php, html, css, golang, rust, terraform, jenkins, django, flask, \
         vue, mongodb, redis, kafka, spark, hadoop, scala, kotlin, swift, android, ios, ruby, rails, \
         graphql, mysql, oracle, elasticsearch, tableau, excel, sap, salesforce, jira, ansible, pytorch, \
         tensorflow, pandas, numpy, snowflake, databricks, airflow, dbt, gcp, nginx, rabbitmq, cassandra, \
         hibernate, laravel, symfony, wordpress, magento, shopify, figma, photoshop, illustrator, autocad, \
         solidworks, matlab, labview, verilog, vhdl, cobol, fortran, perl, bash, powershell, erlang, \
         elixir, haskell, clojure, dart, flutter, xamarin, unity, blender, opengl, vulkan, cuda, splunk, \
         grafana, prometheus, helm, istio, hashicorp, cypress, selenium",
    )
});

/// Words that every text is full of, the most frequent first.
pub static FILLERS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "the, and, to, of, a, in, with, for, you, our, we, will, be, is, on, as, are, your, team, this, an, \
         at, have, from, that, by, strong, role, years, all, including, such, who, they, their, more",
    )
});

/// Countries by their English names, the most frequent first.
pub static COUNTRIES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "United States, Germany, United Kingdom, India, France, Canada, Netherlands, Poland, Spain, \
         Australia, Italy, Switzerland, Ireland, Brazil, Austria, Portugal, Sweden, Belgium, Singapore, \
         Romania, Denmark, Czechia, Mexico, Norway, Japan, Finland, Hungary, Greece, Israel, Ukraine, \
         Turkey, Philippines, Malaysia, Argentina, Bulgaria, South Africa, Serbia, Croatia, Lithuania, \
         Estonia, Latvia, Slovakia, Slovenia, Luxembourg, New Zealand, Chile, Colombia, Peru, Egypt, \
         Morocco, Kenya, Nigeria, Tunisia, Thailand, Vietnam, Indonesia, Taiwan, Cyprus, Malta, Iceland",
    )
});

fn list(words: &'static str) -> Vec<&'static str> {
    words.split(", ").collect()
}

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 5] = b"aeiou";
const SYLLABLES: usize = CONSONANTS.len() * VOWELS.len();

/// A word that nobody uses, another for each number below 512,000; the ending keeps kinds of words apart. An ending whose last letters
/// no stemmer takes away keeps each a word of its own.
pub fn made_up(number: usize, ending: &str) -> String {
    let mut rest = number * 175_927 % SYLLABLES.pow(3);
    let mut word = String::new();
    for syllable in 0..3 + number % 3 {
        let at = if syllable < 3 { rest % SYLLABLES } else { (number * 31 + syllable * 7) % SYLLABLES };
        rest /= SYLLABLES;
        word.push(char::from(CONSONANTS[at / VOWELS.len()]));
        word.push(char::from(VOWELS[at % VOWELS.len()]));
    }
    word + ending
}
