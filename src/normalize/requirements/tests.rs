use proptest::prelude::*;

use super::*;
use crate::normalize::html;

fn of_html(text: &str) -> Option<String> {
    split(&html::read(text))
}

fn of_text(text: &str) -> Option<String> {
    split(&html::plain(text))
}

#[test]
fn headings_of_markup() {
    let html = "<p>Hello</p><h3>What you’ll bring</h3><ul><li>Rust</li><li>SQL</li></ul><h3>What we offer</h3><p>Fruit</p>";
    assert_eq!(of_html(html).as_deref(), Some("- Rust\n- SQL"));
    let html = "<p><strong>Dein Profil:</strong></p><ul><li>Erfahrung mit Go</li></ul><p><b>Wir bieten</b></p><p>Obst</p>";
    assert_eq!(of_html(html).as_deref(), Some("- Erfahrung mit Go"));
    let html = "<strong>Requirements</strong><br>Two years of work<br><strong>Benefits</strong><br>Tea";
    assert_eq!(of_html(html).as_deref(), Some("Two years of work"));
    let html = "<p><b>Qualifications:</b> a degree</p><p><b>Location:</b> Lyon</p>";
    assert_eq!(of_html(html).as_deref(), Some("a degree"));
}

#[test]
fn nested_headings_belong_to_the_section() {
    let html = "<h2>Requirements</h2><h3>Technical things</h3><ul><li>Go</li></ul><h3>Personal</h3><p>Calm</p><h2>Life here</h2><p>x</p>";
    assert_eq!(of_html(html).as_deref(), Some("Technical things\n- Go\n\nPersonal\nCalm"));
}

#[test]
fn several_sections_are_joined() {
    let html = "<h3>Minimum qualifications</h3><p>A</p><h3>Responsibilities</h3><p>B</p><h3>Preferred qualifications</h3><p>C</p><h3>About us</h3><p>D</p>";
    assert_eq!(of_html(html).as_deref(), Some("A\n\nPreferred qualifications\n\nC"));
}

#[test]
fn plain_lines() {
    assert_eq!(
        of_text("Intro\n\nREQUIREMENTS\n- Go\n- SQL\n\nBENEFITS\n- Tea").as_deref(),
        Some("- Go\n- SQL")
    );
    assert_eq!(
        of_text("Aufgaben\n- A\n\nDas bringst du mit\n• B\n\nWas wir bieten\n• C").as_deref(),
        Some("- B")
    );
    assert_eq!(
        of_text("You have built things before and you are curious.\nRequirements engineering is fun."),
        None
    );
}

#[test]
fn languages() {
    for (wanted, other) in [
        ("Requirements", "What we offer"),
        ("The person we’re after", "Compensation"),
        ("Skills and experience", "Our values"),
        ("Ihr Profil", "Ihre Vorteile"),
        ("Anforderungen", "Ihre Aufgaben"),
        ("Voraussetzungen", "Kontakt"),
        ("Qualifikationen", "Unser Angebot"),
        ("Was du mitbringst", "Was dich erwartet"),
        ("Profil recherché", "Avantages"),
        ("Votre profil", "Vos missions"),
        ("Compétences", "Rémunération"),
        ("Requisitos", "Qué ofrecemos"),
        ("Lo que buscamos", "Funciones"),
        ("Requisiti", "Cosa offriamo"),
        ("Wymagania", "Oferujemy"),
        ("Krav", "Vi erbjuder"),
        ("Din profil", "Om oss"),
        ("Requisitos e qualificações", "Benefícios"),
    ] {
        let html = format!(
            "<p>x</p><p><strong>{wanted}</strong></p><ul><li>one</li></ul><p><strong>{other}</strong></p><p>two</p>"
        );
        assert_eq!(of_html(&html).as_deref(), Some("- one"), "{wanted} / {other}");
    }
}

#[test]
fn headings_of_nine_languages() {
    let wanted = "Your profile | Nice to have | Who you are | Must-haves | Hard skills | Ihr Profil | Das bringst du mit | Von Vorteil | \
        Kenntnisse | Profil recherché | Ce qu’on attend de toi | Votre parcours | Qualités requises | Tu perfil | \
        Lo que aportas | Se valorará | Requisitos mínimos | Idiomas | Requisiti richiesti | Cosa cerchiamo | \
        Titolo di studio | Profilo ideale | Wat vragen wij? | Jouw profiel | Wie ben jij? | Functie-eisen | Krav | Meriterande | \
        Vem är du? | Personliga egenskaper | Wymagania | Mile widziane | Nasze oczekiwania | Kogo szukamy? | \
        Requisitos obrigatórios | Diferenciais | O que procuramos | Habilidades";
    for heading in wanted.split('|').map(str::trim) {
        for spelled in
            [heading.to_owned(), heading.to_uppercase(), format!("🚀 {heading}:"), format!("2. {heading}")]
        {
            assert_eq!(topic_of(&spelled), Topic::Wanted, "{spelled}");
        }
    }
    let other = "What you’ll do | Benefits | About the team | How to apply | Hiring process | Deine Aufgaben | Das bieten wir | \
        Über uns | Bewerbungsprozess | Vos missions | Avantages | À propos de nous | Le processus de recrutement | Tus funciones | \
        Qué ofrecemos | Sobre nosotros | Proceso de selección | Di cosa ti occuperai | Cosa offriamo | Chi siamo | \
        Iter di selezione | Wat ga je doen? | Wat bieden wij? | Over ons | Sollicitatieprocedure | Arbetsuppgifter | Vi erbjuder | \
        Om oss | Ansökan | Twoje obowiązki | Co oferujemy? | O nas | Proces rekrutacji | Responsabilidades | O que oferecemos | \
        Sobre a empresa | Processo seletivo";
    for heading in other.split('|').map(str::trim) {
        for spelled in
            [heading.to_owned(), heading.to_uppercase(), format!("✨ {heading}"), format!("3) {heading}")]
        {
            assert_eq!(topic_of(&spelled), Topic::Other, "{spelled}");
        }
    }
    for heading in ["Marine biology", "Segelschule", "Les bateaux", "24", "", "5 boats", "..."] {
        assert_eq!(topic_of(heading), Topic::Unknown, "{heading}");
    }
}

#[test]
fn labels_right_under_the_heading_belong_to_it() {
    let html = "<p><b>Profil recherché</b></p><p><b>Caractère</b></p><ul><li>Calme</li></ul><p><b>Soft skills</b></p><ul>\
        <li>Écoute</li></ul><p><b>Le bateau</b></p><p>Rouge</p>";
    assert_eq!(of_html(html).as_deref(), Some("Caractère\n\n- Calme\n\nSoft skills\n\n- Écoute"));
    let html = "<h3>Requirements</h3><p><b>Languages:</b> Dutch</p><p><b>Performance:</b> calm under sail</p><h3>Pay</h3><p>x</p>";
    assert_eq!(of_html(html).as_deref(), Some("Languages: Dutch\n\nPerformance: calm under sail"));
}

#[test]
fn short_sentences_are_no_headings() {
    let text = "Requirements:\nAbout ten years at sea\nWhy not two boats at once\n- Calm\n\nBenefits:\n- Tea";
    assert_eq!(of_text(text).as_deref(), Some("About ten years at sea\nWhy not two boats at once\n- Calm"));
}

#[test]
fn the_way_to_apply_ends_them() {
    let text = "Ton profil :\n- Marin\n\nLe processus de recrutement :\n- Un appel";
    assert_eq!(of_text(text).as_deref(), Some("- Marin"));
    let text = "YOUR PROFILE\n- Sailor\n\nHIRING PROCESS\n- A call\n\nNICE TO HAVE\n- A boat";
    assert_eq!(of_text(text).as_deref(), Some("- Sailor\n\nNICE TO HAVE\n- A boat"));
}

#[test]
fn no_heading_no_requirements() {
    assert_eq!(of_html("<p>We need a person. You have time.</p>"), None);
    assert_eq!(of_html("<h2>Requirements</h2>"), None);
    assert!(
        is_heading("Profil recherché") && is_heading("What you’ll bring:") && !is_heading("Responsibilities")
    );
}

proptest! {
    #[test]
    fn any_text(text in "(?s:.{0,100})|(<h2>|<b>|</b>|</h2>|Requirements|Benefits|:|<li>|x|\\n){0,30}") {
        let _ = (of_html(&text), of_text(&text), topic_of(&text));
    }
}
