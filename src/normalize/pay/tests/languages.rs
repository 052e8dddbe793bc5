//! Pay, and what is none, as nine languages write it.

use super::{hints, text};

fn check(language: &'static str, country: &'static str, pay: &[(&str, &str)], no_pay: &[&str]) {
    let wrong: Vec<String> = pay
        .iter()
        .copied()
        .chain(no_pay.iter().map(|input| (*input, "none")))
        .map(|(input, expected)| (input, expected, text(input, hints(language, country))))
        .filter(|(_, expected, found)| expected != found)
        .map(|(input, expected, found)| format!("{input}: expected {expected}, found {found}"))
        .collect();
    assert!(pay.len() >= 8 && no_pay.len() >= 4);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn english() {
    check(
        "en",
        "US",
        &[
            ("The base salary range for this role is $96,400 to $131,900.", "96400..131900 USD year"),
            ("Range: $65-90k", "65000..90000 USD year"),
            (
                "Base pay: $140,000 - $165,000. Total compensation: $180,000 - $230,000.",
                "140000..165000 USD year",
            ),
            ("Lathe & Co | Welder | Ohio | $62k-$71k base + tools", "62000..71000 USD year"),
            ("Baker ($48k-$55k)", "48000..55000 USD year"),
            ("Pay: $19.50/hr", "19.5..19.5 USD hour"),
            ("OTE: $150k", "150000..150000 USD year"),
            ("$82,000 base / $164,000 OTE", "82000..82000 USD year"),
            (
                "Depending on training, market and education the salary is $70,000 - $84,000.",
                "70000..84000 USD year",
            ),
            ("The rate of pay is USD 31.20 - USD 36.00 per hour.", "31.2..36 USD hour"),
            ("Day rate: $600", "600..600 USD day"),
            ("Weekly pay of $1,150 to $1,400 a week", "1150..1400 USD week"),
            ("Base salary $90,000 - $110,000 bonus and stock on top", "90000..110000 USD year"),
            (
                "Pay ranges from $61,000/year in the north up to $78,000/year in the south.",
                "61000..78000 USD year",
            ),
            ("Minimum salary: $52,000", "52000..? USD year"),
            ("We offer AUD 91k-103k plus super", "91000..103000 AUD year"),
            (
                "The base salary for this position ranges from $71,000/year in our lowest geographic market up to \
                 $93,500/year in our highest geographic market.",
                "71000..93500 USD year",
            ),
            ("Pay: $96K base salary + $30K gross retention bonus", "96000..96000 USD year"),
            (
                "Salary guide: Bench - $60,000 - $80,000 + equity Floor - $75,000 - $95,000 + equity",
                "60000..95000 USD year",
            ),
            ("Minimum base of $88k", "88000..? USD year"),
            (
                "North: salary $80,000 - $95,000\nSouth: $72,000 - $86,000\nWest: $76,000 - $90,000",
                "72000..95000 USD year",
            ),
        ],
        &[
            "Shift differential of $2.50 per hour on weekends",
            "The writers get $20 per 100 words.",
            "A commission-only role: our sellers earn $60,000 - $90,000 a year.",
            "You will own programs of $5M and a yearly budget of $300,000.",
            "Refer a friend and get $750.",
            "Tickets cost $40 - $60 each.",
            "Our fund writes checks of $100k - $250k.",
            "Up to $5,000 per year for education and training",
            "Own accounts worth $100k - $250k each",
            "Our clients spend $20,000 - $50,000 a year with us.",
            "Employees get up to $10,000 in RSUs per year",
            "Childcare subsidy of $400 per month",
            "Our students pay $240 per month.",
            "We cover premiums up to $25,000.",
            "Salary: competitive. We serve 50,000 - 60,000 patients.",
            "We raised $120k-$150k from angels.",
        ],
    );
}

#[test]
fn german() {
    check(
        "de",
        "DE",
        &[
            ("Tischler gesucht - ab 41.000 €", "41000..? EUR year"),
            ("Das Grundgehalt liegt zwischen 48.000 und 56.000 Euro.", "48000..56000 EUR year"),
            ("Wir zahlen 17,20 €/Std. plus Zuschläge", "17.2..? EUR hour"),
            ("Monatsgehalt: 2.900 € – 3.400 € brutto", "2900..3400 EUR month"),
            ("Jahresgehalt von CHF 88'000 bis 101'000 inkl. 13. Monatslohn", "88000..101000 CHF year"),
            ("Tagessatz 650 €", "650..? EUR day"),
            ("Bruttomonatsgehalt ab 2.650 Euro (14x jährlich)", "2650..? EUR month"),
            ("Mindestentgelt von EUR 2.750 brutto monatlich", "2750..? EUR month"),
            ("Zielgehalt bis zu 70 TEUR", "?..70000 EUR year"),
            ("Vergütung: 60-70k €", "60000..70000 EUR year"),
            ("Gehaltsspanne 3200 - 3900 EUR im Monat", "3200..3900 EUR month"),
            ("Ausbildungsvergütung: 1. Jahr 1.110 €, 2. Jahr 1.190 €", "1110..1190 EUR month"),
        ],
        &[
            "Nachtzuschlag von 3 € pro Stunde",
            "Antrittsprämie: 1.500 €",
            "Projekte mit einem Auftragsvolumen von 250.000 € bis 400.000 €",
            "Bilanzsumme 80.000 €",
            "Wir bezuschussen dein Deutschlandticket mit 30 € im Monat.",
            "Kitazuschuss bis 200 € monatlich",
            "Gutscheine im Wert von 40 € pro Monat",
            "Geld für Fitness: 35 € pro Monat",
            "Gehalt nach Absprache und ein Bonus bis zu 5.000 € im Jahr",
            "Auf Provisionsbasis verdienst du 3.000 € im Monat.",
        ],
    );
}

#[test]
fn french() {
    check(
        "fr",
        "FR",
        &[
            ("Rémunération : entre 45 et 55 k€", "45000..55000 EUR year"),
            ("45k à 55k€ brut annuel", "45000..55000 EUR year"),
            ("TJM 500€", "500..500 EUR day"),
            ("Salaire : 2 250 € brut/mois sur 13 mois", "2250..2250 EUR month"),
            ("Taux horaire : 12,80 €", "12.8..12.8 EUR hour"),
            ("Fourchette salariale : 42/48k€", "42000..48000 EUR year"),
            ("Salaire jusqu’à 39 000 € par an", "?..39000 EUR year"),
            ("Fixe de 31 000 € + variable", "31000..31000 EUR year"),
            ("Salaire de base de 30 000 € à 34 000 € annuels", "30000..34000 EUR year"),
            ("Salaire : à partir de 1 950 € mensuels", "1950..? EUR month"),
            ("Rémunération de 55 000 $ à 68 000 $ CAD par année", "55000..68000 CAD year"),
        ],
        &[
            "Prime de cooptation de 1 000 €",
            "Un chiffre d’affaires de 350 000 € à 500 000 €",
            "Forfait de 400 € par an pour le sport",
            "Nous avons levé 12 millions d'euros.",
            "Panier repas de 9,50 € par jour",
            "Majoration de 2 € par heure la nuit",
        ],
    );
}

#[test]
fn spanish() {
    check(
        "es",
        "ES",
        &[
            ("Salario: 28.000 € - 33.000 € brutos/año", "28000..33000 EUR year"),
            ("Sueldo entre 1.400 y 1.700 euros al mes en 14 pagas", "1400..1700 EUR month"),
            ("Salario desde 26.000 € anuales", "26000..? EUR year"),
            ("Salario de hasta 45.000€ b/a", "?..45000 EUR year"),
            ("Tarifa por hora: 18 €", "18..18 EUR hour"),
            ("Retribución fija de 30k€ a 36k€", "30000..36000 EUR year"),
            ("Salario base de 24.500 € brutos anuales", "24500..24500 EUR year"),
            ("Banda salarial: 40.000-48.000 €", "40000..48000 EUR year"),
            ("Salario: 23.000 € + Plus de nocturnidad", "23000..? EUR year"),
            ("Remuneración: 11,50 €/hora", "11.5..11.5 EUR hour"),
            ("De 29.000€ a 37.000€ según experiencia", "29000..37000 EUR year"),
        ],
        &[
            "Una facturación de 200.000 € a 300.000 €",
            "Cheque de comida de 11 € al día",
            "Llevarás cuentas de 100.000 € a 300.000 €",
            "Ayudas de 500 € al año para formación",
            "Cobras en función de las ventas: ganarás de 1.000 a 1.500 € al mes.",
            "Hemos levantado una ronda de 4 millones de euros.",
        ],
    );
}

#[test]
fn italian() {
    check(
        "it",
        "IT",
        &[
            ("RAL 35-40K", "35000..40000 - year"),
            ("RAL: da 32.000 € a 38.000 €", "32000..38000 EUR year"),
            ("Retribuzione: 1.600 € netti al mese", "1600..1600 EUR month"),
            ("Stipendio dai 27.000 ai 31.000 € lordi annui", "27000..31000 EUR year"),
            ("Paga oraria di 10,50 €", "10.5..10.5 EUR hour"),
            ("Compenso fino a 45.000 € annui", "?..45000 EUR year"),
            ("Stipendio a partire da 1.450 € mensili", "1450..? EUR month"),
            ("Retribuzione tra 24.000 e 28.000 euro lordi", "24000..28000 EUR year"),
            ("Stipendio: 120 € al giorno", "120..120 EUR day"),
        ],
        &[
            "Buoni pasto da 8 € al giorno",
            "Un fatturato di 150.000 € all'anno",
            "Premio di 500 € per chi presenta un amico",
            "Welfare aziendale di 1.000 € all'anno",
            "Solo provvigioni: compenso da 1.500 a 2.500 € al mese",
        ],
    );
}

#[test]
fn dutch() {
    check(
        "nl",
        "NL",
        &[
            ("€ 3.500 – 4.500 bruto per maand", "3500..4500 EUR month"),
            ("Salaris van € 2.800,- tot € 3.600,- per maand", "2800..3600 EUR month"),
            ("Een brutosalaris tussen € 3.100 en € 3.900", "3100..3900 EUR month"),
            ("Uurloon: € 15,75", "15.75..15.75 EUR hour"),
            ("Een jaarsalaris van maximaal € 62.000", "?..62000 EUR year"),
            ("Salaris vanaf € 2.450 bruto per maand", "2450..? EUR month"),
            ("Startsalaris € 45.000 per jaar", "45000..45000 EUR year"),
            ("Je verdient € 16,40 per uur", "16.4..16.4 EUR hour"),
            ("Salarisindicatie: 50.000 t/m 58.000 euro per jaar", "50000..58000 EUR year"),
        ],
        &[
            "Reiskostenvergoeding van € 0,23 per kilometer en € 100 per maand",
            "Opleidingsbudget van € 1.500 per jaar",
            "Een omzet van € 120.000 tot € 180.000",
            "Aanbrengbonus: € 1.000",
            "Toeslag van € 2 per uur in het weekend",
        ],
    );
}

#[test]
fn swedish() {
    check(
        "sv",
        "SE",
        &[
            ("Lön: kr 45 000 per månad", "45000..45000 SEK month"),
            ("Månadslön 31 000–36 500 kr", "31000..36500 SEK month"),
            ("Timlön: 165 kr", "165..165 SEK hour"),
            ("Grundlön på 28 000 kr i månaden", "28000..28000 SEK month"),
            ("Lön från 32 000 SEK per månad", "32000..? SEK month"),
            ("Lön upp till 55 000 kr/mån", "?..55000 SEK month"),
            ("Mållön 70–90k", "70000..90000 - month"),
            ("Årslön 480 000 - 560 000 kr", "480000..560000 SEK year"),
            ("Lönespann: 38 000 till 44 000 kronor per månad", "38000..44000 SEK month"),
        ],
        &[
            "Friskvårdsbidrag på 5 000 kr per år",
            "Vi omsätter 900 000 kr per år.",
            "Presentkort på 500 kr",
            "Du får 2 000 kr per år till träning",
            "OB-tillägg på 25 kr per timme",
            "Enbart provision: lön 20 000 - 40 000 kr i månaden",
        ],
    );
}

#[test]
fn polish() {
    check(
        "pl",
        "PL",
        &[
            ("15 000 – 20 000 PLN netto + VAT", "15000..20000 PLN month"),
            ("Wynagrodzenie: 8 500 - 11 000 zł brutto/mies.", "8500..11000 PLN month"),
            ("Stawka godzinowa: 120 zł netto", "120..120 PLN hour"),
            ("Stawka: 95-120 zł/h", "95..120 PLN hour"),
            ("Wynagrodzenie od 7 200 zł brutto miesięcznie", "7200..? PLN month"),
            ("Zarobki do 14 000 zł miesięcznie", "?..14000 PLN month"),
            ("Widełki: 16 000 do 21 000 PLN", "16000..21000 PLN month"),
            ("Pensja pomiędzy 6 000 a 7 500 zł na miesiąc", "6000..7500 PLN month"),
            ("Wynagrodzenie roczne: 180 000 zł", "180000..180000 PLN year"),
        ],
        &[
            "Budżet szkoleniowy 5 000 zł rocznie",
            "Premia za polecenie: 3 000 zł",
            "Ubezpieczenie o wartości 50 000 zł",
            "Przychody w wysokości 300 000 zł rocznie",
            "Dodatek nocny 4 zł na godzinę",
        ],
    );
}

#[test]
fn portuguese() {
    check(
        "pt",
        "BR",
        &[
            ("Salário: R$ 5.000 por mês", "5000..5000 BRL month"),
            ("Salário de R$ 3.200,00 a R$ 4.100,00", "3200..4100 BRL month"),
            ("Remuneração entre R$ 6.000 e R$ 7.500 mensais", "6000..7500 BRL month"),
            ("Faixa salarial: R$ 9 mil a R$ 12 mil", "9000..12000 BRL month"),
            ("Salário até R$ 8.000 mensais", "?..8000 BRL month"),
            ("Salário a partir de R$ 2.500/mês", "2500..? BRL month"),
            ("Valor por hora: R$ 60", "60..60 BRL hour"),
            ("Salário anual: 30.000 € - 36.000 €", "30000..36000 EUR year"),
            ("Ordenado base de 1.300 € por mês", "1300..1300 EUR month"),
            ("Vencimento base: 930€", "930..930 EUR month"),
        ],
        &[
            "Vale-refeição de R$ 40 por dia",
            "Faturamento de R$ 200.000 por ano",
            "Bônus de indicação: R$ 1.000",
            "Captamos R$ 800.000 em uma rodada.",
            "Auxílio home office de R$ 150 por mês",
            "100% comissão: remuneração de R$ 3.000 a R$ 9.000 por mês",
        ],
    );
}
