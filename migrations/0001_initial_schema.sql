-- The documented Career Copilot schema, shared with the web application. It applies to an empty database, and adopts one that
-- already has these tables: every step is skipped where its result exists, no row is deleted, and what stands in the way of a
-- unique key is moved to worker.set_aside (see the end of the tables).
-- DATETIME of the documentation is TIMESTAMP here. Times are UTC.

SET LOCAL client_min_messages = warning;

CREATE SCHEMA IF NOT EXISTS worker;

CREATE TABLE IF NOT EXISTS users (
    id SERIAL PRIMARY KEY,
    email VARCHAR(255) UNIQUE NOT NULL,
    hashed_password VARCHAR(255) NOT NULL,
    full_name VARCHAR(255),
    is_active BOOLEAN DEFAULT true,
    is_superuser BOOLEAN DEFAULT false,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS jobs (
    id SERIAL PRIMARY KEY,
    title VARCHAR(500) NOT NULL,
    company VARCHAR(255) NOT NULL,
    location VARCHAR(255),
    description TEXT,
    requirements TEXT,
    tech_stack JSONB,
    salary_min INTEGER,
    salary_max INTEGER,
    salary_currency VARCHAR(3) DEFAULT 'EUR',
    job_type VARCHAR(50),
    remote_option VARCHAR(50),
    source VARCHAR(100),
    source_id VARCHAR(255),
    url VARCHAR(1000) UNIQUE,
    posted_date DATE,
    application_deadline DATE,
    scraped_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    is_active BOOLEAN DEFAULT true,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS applications (
    id SERIAL PRIMARY KEY,
    job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
    user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    status VARCHAR(50) NOT NULL,
    applied_date DATE,
    notes TEXT,
    cover_letter TEXT,
    resume_version VARCHAR(100),
    application_url VARCHAR(1000),
    response_date DATE,
    interview_date TIMESTAMP,
    offer_amount INTEGER,
    offer_currency VARCHAR(3) DEFAULT 'EUR',
    rejection_reason TEXT,
    interview_feedback JSONB,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (job_id, user_id)
);

CREATE TABLE IF NOT EXISTS user_profiles (
    id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users(id) ON DELETE CASCADE UNIQUE,
    current_title VARCHAR(255),
    current_company VARCHAR(255),
    years_experience INTEGER,
    desired_title VARCHAR(255),
    desired_locations JSONB,
    tech_stack JSONB,
    salary_expectation_min INTEGER,
    salary_expectation_max INTEGER,
    salary_currency VARCHAR(3) DEFAULT 'EUR',
    remote_preference VARCHAR(50),
    job_types JSONB,
    visa_sponsorship_needed BOOLEAN DEFAULT false,
    preferred_companies JSONB,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS saved_searches (
    id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    query VARCHAR(1000),
    filters JSONB,
    is_active BOOLEAN DEFAULT true,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS notifications (
    id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    type VARCHAR(100) NOT NULL,
    title VARCHAR(255) NOT NULL,
    message TEXT,
    data JSONB,
    is_read BOOLEAN DEFAULT false,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS interview_stages (
    id SERIAL PRIMARY KEY,
    application_id INTEGER REFERENCES applications(id) ON DELETE CASCADE,
    stage_name VARCHAR(255) NOT NULL,
    scheduled_date TIMESTAMP,
    completed_date TIMESTAMP,
    status VARCHAR(50) DEFAULT 'scheduled',
    notes TEXT,
    feedback TEXT,
    rating INTEGER CHECK (rating >= 1 AND rating <= 5),
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

-- Named in the documentation as a relation of jobs; its columns are what the relation needs.
CREATE TABLE IF NOT EXISTS job_views (
    id SERIAL PRIMARY KEY,
    job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
    user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    viewed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

-- Adoption: columns that an older version of a table lacks. A missing NOT NULL text column of a table with rows is filled with
-- an empty text; the default is only there for that and goes again.
ALTER TABLE users
    ADD COLUMN IF NOT EXISTS full_name VARCHAR(255),
    ADD COLUMN IF NOT EXISTS is_active BOOLEAN DEFAULT true,
    ADD COLUMN IF NOT EXISTS is_superuser BOOLEAN DEFAULT false,
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    ADD COLUMN IF NOT EXISTS updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE jobs
    ADD COLUMN IF NOT EXISTS title VARCHAR(500) NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS company VARCHAR(255) NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS location VARCHAR(255),
    ADD COLUMN IF NOT EXISTS description TEXT,
    ADD COLUMN IF NOT EXISTS requirements TEXT,
    ADD COLUMN IF NOT EXISTS tech_stack JSONB,
    ADD COLUMN IF NOT EXISTS salary_min INTEGER,
    ADD COLUMN IF NOT EXISTS salary_max INTEGER,
    ADD COLUMN IF NOT EXISTS salary_currency VARCHAR(3) DEFAULT 'EUR',
    ADD COLUMN IF NOT EXISTS job_type VARCHAR(50),
    ADD COLUMN IF NOT EXISTS remote_option VARCHAR(50),
    ADD COLUMN IF NOT EXISTS source VARCHAR(100),
    ADD COLUMN IF NOT EXISTS source_id VARCHAR(255),
    ADD COLUMN IF NOT EXISTS url VARCHAR(1000),
    ADD COLUMN IF NOT EXISTS posted_date DATE,
    ADD COLUMN IF NOT EXISTS application_deadline DATE,
    ADD COLUMN IF NOT EXISTS scraped_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    ADD COLUMN IF NOT EXISTS user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    ADD COLUMN IF NOT EXISTS is_active BOOLEAN DEFAULT true,
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    ADD COLUMN IF NOT EXISTS updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE jobs ALTER COLUMN title DROP DEFAULT, ALTER COLUMN company DROP DEFAULT;
ALTER TABLE applications
    ADD COLUMN IF NOT EXISTS job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
    ADD COLUMN IF NOT EXISTS user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    ADD COLUMN IF NOT EXISTS status VARCHAR(50) NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS applied_date DATE,
    ADD COLUMN IF NOT EXISTS notes TEXT,
    ADD COLUMN IF NOT EXISTS cover_letter TEXT,
    ADD COLUMN IF NOT EXISTS resume_version VARCHAR(100),
    ADD COLUMN IF NOT EXISTS application_url VARCHAR(1000),
    ADD COLUMN IF NOT EXISTS response_date DATE,
    ADD COLUMN IF NOT EXISTS interview_date TIMESTAMP,
    ADD COLUMN IF NOT EXISTS offer_amount INTEGER,
    ADD COLUMN IF NOT EXISTS offer_currency VARCHAR(3) DEFAULT 'EUR',
    ADD COLUMN IF NOT EXISTS rejection_reason TEXT,
    ADD COLUMN IF NOT EXISTS interview_feedback JSONB,
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    ADD COLUMN IF NOT EXISTS updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE applications ALTER COLUMN status DROP DEFAULT;
ALTER TABLE user_profiles
    ADD COLUMN IF NOT EXISTS user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    ADD COLUMN IF NOT EXISTS current_title VARCHAR(255),
    ADD COLUMN IF NOT EXISTS current_company VARCHAR(255),
    ADD COLUMN IF NOT EXISTS years_experience INTEGER,
    ADD COLUMN IF NOT EXISTS desired_title VARCHAR(255),
    ADD COLUMN IF NOT EXISTS desired_locations JSONB,
    ADD COLUMN IF NOT EXISTS tech_stack JSONB,
    ADD COLUMN IF NOT EXISTS salary_expectation_min INTEGER,
    ADD COLUMN IF NOT EXISTS salary_expectation_max INTEGER,
    ADD COLUMN IF NOT EXISTS salary_currency VARCHAR(3) DEFAULT 'EUR',
    ADD COLUMN IF NOT EXISTS remote_preference VARCHAR(50),
    ADD COLUMN IF NOT EXISTS job_types JSONB,
    ADD COLUMN IF NOT EXISTS visa_sponsorship_needed BOOLEAN DEFAULT false,
    ADD COLUMN IF NOT EXISTS preferred_companies JSONB,
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    ADD COLUMN IF NOT EXISTS updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE saved_searches
    ADD COLUMN IF NOT EXISTS user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    ADD COLUMN IF NOT EXISTS name VARCHAR(255) NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS query VARCHAR(1000),
    ADD COLUMN IF NOT EXISTS filters JSONB,
    ADD COLUMN IF NOT EXISTS is_active BOOLEAN DEFAULT true,
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    ADD COLUMN IF NOT EXISTS updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE saved_searches ALTER COLUMN name DROP DEFAULT;
ALTER TABLE notifications
    ADD COLUMN IF NOT EXISTS user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    ADD COLUMN IF NOT EXISTS type VARCHAR(100) NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS title VARCHAR(255) NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS message TEXT,
    ADD COLUMN IF NOT EXISTS data JSONB,
    ADD COLUMN IF NOT EXISTS is_read BOOLEAN DEFAULT false,
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE notifications ALTER COLUMN type DROP DEFAULT, ALTER COLUMN title DROP DEFAULT;
ALTER TABLE interview_stages
    ADD COLUMN IF NOT EXISTS application_id INTEGER REFERENCES applications(id) ON DELETE CASCADE,
    ADD COLUMN IF NOT EXISTS stage_name VARCHAR(255) NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS scheduled_date TIMESTAMP,
    ADD COLUMN IF NOT EXISTS completed_date TIMESTAMP,
    ADD COLUMN IF NOT EXISTS status VARCHAR(50) DEFAULT 'scheduled',
    ADD COLUMN IF NOT EXISTS notes TEXT,
    ADD COLUMN IF NOT EXISTS feedback TEXT,
    ADD COLUMN IF NOT EXISTS rating INTEGER CHECK (rating >= 1 AND rating <= 5),
    ADD COLUMN IF NOT EXISTS created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    ADD COLUMN IF NOT EXISTS updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE interview_stages ALTER COLUMN stage_name DROP DEFAULT;
ALTER TABLE job_views
    ADD COLUMN IF NOT EXISTS job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
    ADD COLUMN IF NOT EXISTS user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    ADD COLUMN IF NOT EXISTS viewed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP;

-- Adoption: defaults that an older version of a column lacks, and JSON columns that came without a B.
ALTER TABLE users
    ALTER COLUMN is_active SET DEFAULT true,
    ALTER COLUMN is_superuser SET DEFAULT false,
    ALTER COLUMN created_at SET DEFAULT CURRENT_TIMESTAMP,
    ALTER COLUMN updated_at SET DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE jobs
    ALTER COLUMN salary_currency SET DEFAULT 'EUR',
    ALTER COLUMN scraped_at SET DEFAULT CURRENT_TIMESTAMP,
    ALTER COLUMN is_active SET DEFAULT true,
    ALTER COLUMN created_at SET DEFAULT CURRENT_TIMESTAMP,
    ALTER COLUMN updated_at SET DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE applications
    ALTER COLUMN offer_currency SET DEFAULT 'EUR',
    ALTER COLUMN created_at SET DEFAULT CURRENT_TIMESTAMP,
    ALTER COLUMN updated_at SET DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE user_profiles
    ALTER COLUMN salary_currency SET DEFAULT 'EUR',
    ALTER COLUMN visa_sponsorship_needed SET DEFAULT false,
    ALTER COLUMN created_at SET DEFAULT CURRENT_TIMESTAMP,
    ALTER COLUMN updated_at SET DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE saved_searches
    ALTER COLUMN is_active SET DEFAULT true,
    ALTER COLUMN created_at SET DEFAULT CURRENT_TIMESTAMP,
    ALTER COLUMN updated_at SET DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE notifications
    ALTER COLUMN is_read SET DEFAULT false,
    ALTER COLUMN created_at SET DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE interview_stages
    ALTER COLUMN status SET DEFAULT 'scheduled',
    ALTER COLUMN created_at SET DEFAULT CURRENT_TIMESTAMP,
    ALTER COLUMN updated_at SET DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE job_views ALTER COLUMN viewed_at SET DEFAULT CURRENT_TIMESTAMP;

DO $$
DECLARE
    plain record;
BEGIN
    FOR plain IN
        SELECT c.oid::regclass AS of_table, a.attname AS of_column
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE a.atttypid = 'json'::regtype
          AND (c.oid, a.attname) IN (
            ('jobs'::regclass, 'tech_stack'), ('applications'::regclass, 'interview_feedback'),
            ('user_profiles'::regclass, 'desired_locations'), ('user_profiles'::regclass, 'tech_stack'),
            ('user_profiles'::regclass, 'job_types'), ('user_profiles'::regclass, 'preferred_companies'),
            ('saved_searches'::regclass, 'filters'), ('notifications'::regclass, 'data'))
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE jsonb USING %2$I::jsonb', plain.of_table, plain.of_column);
    END LOOP;
END
$$;

-- Adoption: of several jobs rows with one (source, source_id), or one url, the row of a user is preferred, then an active one,
-- then the newest. The others stay as they are, except that the value in the way becomes NULL and is kept here.
CREATE TABLE IF NOT EXISTS worker.set_aside (
    job_id    integer NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    field     text NOT NULL CHECK (field IN ('source_id', 'url')),
    value     text NOT NULL,
    kept_by   integer NOT NULL,
    moved_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, field)
);

WITH ranked AS (
    SELECT id, source_id, first_value(id) OVER best AS kept_by
    FROM jobs
    WHERE source IS NOT NULL AND source_id IS NOT NULL
    WINDOW best AS (
        PARTITION BY source, source_id
        ORDER BY (user_id IS NOT NULL) DESC, coalesce(is_active, true) DESC, coalesce(scraped_at, created_at) DESC NULLS LAST, id DESC
    )
), moved AS (
    INSERT INTO worker.set_aside (job_id, field, value, kept_by)
    SELECT id, 'source_id', source_id, kept_by FROM ranked WHERE id <> kept_by
    RETURNING job_id
)
UPDATE jobs SET source_id = NULL FROM moved WHERE jobs.id = moved.job_id;

WITH ranked AS (
    SELECT id, url, first_value(id) OVER best AS kept_by
    FROM jobs
    WHERE url IS NOT NULL
    WINDOW best AS (
        PARTITION BY url
        ORDER BY (user_id IS NOT NULL) DESC, coalesce(is_active, true) DESC, coalesce(scraped_at, created_at) DESC NULLS LAST, id DESC
    )
), moved AS (
    INSERT INTO worker.set_aside (job_id, field, value, kept_by)
    SELECT id, 'url', url, kept_by FROM ranked WHERE id <> kept_by
    RETURNING job_id
)
UPDATE jobs SET url = NULL FROM moved WHERE jobs.id = moved.job_id;

-- Adoption: documented constraints that an older version of a table lacks. One that rows already violate is left out with a
-- warning: which of two applications or profiles counts is for the web application to say.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('users', 'u', 'email', ''),
            ('jobs', 'u', 'url', ''),
            ('applications', 'u', 'job_id, user_id', ''),
            ('user_profiles', 'u', 'user_id', ''),
            ('jobs', 'f', 'user_id', 'users'),
            ('applications', 'f', 'job_id', 'jobs'),
            ('applications', 'f', 'user_id', 'users'),
            ('user_profiles', 'f', 'user_id', 'users'),
            ('saved_searches', 'f', 'user_id', 'users'),
            ('notifications', 'f', 'user_id', 'users'),
            ('interview_stages', 'f', 'application_id', 'applications'),
            ('job_views', 'f', 'job_id', 'jobs'),
            ('job_views', 'f', 'user_id', 'users'),
            ('interview_stages', 'c', 'rating', '')
        ) AS documented (of_table, kind, columns, target)
    LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_constraint AS c
            WHERE c.conrelid = wanted.of_table::regclass
              AND c.contype::text = wanted.kind
              AND (wanted.kind <> 'f' OR c.confdeltype = 'c')
              AND (SELECT string_agg(a.attname, ', ' ORDER BY k.n)
                   FROM unnest(c.conkey) WITH ORDINALITY AS k (attnum, n)
                   JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.attnum) = wanted.columns
        );
        -- A unique index without a constraint serves as well.
        CONTINUE WHEN wanted.kind = 'u' AND EXISTS (
            SELECT FROM pg_index AS i
            WHERE i.indrelid = wanted.of_table::regclass AND i.indisunique AND i.indpred IS NULL
              AND (SELECT string_agg(a.attname, ', ' ORDER BY k.n)
                   FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, n)
                   JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) = wanted.columns
        );
        BEGIN
            CASE wanted.kind
                WHEN 'u' THEN
                    EXECUTE format('ALTER TABLE %I ADD UNIQUE (%s)', wanted.of_table, wanted.columns);
                WHEN 'c' THEN
                    EXECUTE format('ALTER TABLE %I ADD CHECK (rating >= 1 AND rating <= 5)', wanted.of_table);
                ELSE
                    EXECUTE format('ALTER TABLE %I ADD FOREIGN KEY (%s) REFERENCES %I (id) ON DELETE CASCADE',
                                   wanted.of_table, wanted.columns, wanted.target);
            END CASE;
        EXCEPTION WHEN unique_violation OR foreign_key_violation OR check_violation THEN
            RAISE WARNING 'the rows of % do not allow the documented constraint on (%): %', wanted.of_table, wanted.columns, SQLERRM;
        END;
    END LOOP;
END
$$;

-- The one addition to the documented keys: a posting is stored once by its source's id.
CREATE UNIQUE INDEX IF NOT EXISTS jobs_source_source_id_key ON jobs (source, source_id) WHERE source_id IS NOT NULL;

-- Documented indexes.
CREATE INDEX IF NOT EXISTS users_created_at_idx ON users (created_at);
CREATE INDEX IF NOT EXISTS jobs_user_id_idx ON jobs (user_id);
CREATE INDEX IF NOT EXISTS jobs_source_source_id_idx ON jobs (source, source_id);
CREATE INDEX IF NOT EXISTS jobs_scraped_at_idx ON jobs (scraped_at);
CREATE INDEX IF NOT EXISTS jobs_tech_stack_idx ON jobs USING gin (tech_stack);

-- Full text over title, company and description. A query uses the index when it repeats this expression. The words are taken as
-- they are ('simple'), since postings come in many languages; text after 100,000 characters is left out, because a tsvector of
-- more than 1 MB is an error and would refuse the row.
CREATE INDEX IF NOT EXISTS jobs_full_text_idx ON jobs USING gin (
    to_tsvector('simple'::regconfig, coalesce(title, '') || ' ' || coalesce(company, '') || ' ' || left(coalesce(description, ''), 100000))
);

-- Foreign keys; applications.job_id and user_profiles.user_id lead their unique keys.
CREATE INDEX IF NOT EXISTS applications_user_id_idx ON applications (user_id);
CREATE INDEX IF NOT EXISTS saved_searches_user_id_idx ON saved_searches (user_id);
CREATE INDEX IF NOT EXISTS notifications_user_id_idx ON notifications (user_id);
CREATE INDEX IF NOT EXISTS interview_stages_application_id_idx ON interview_stages (application_id);
CREATE INDEX IF NOT EXISTS job_views_job_id_idx ON job_views (job_id);
CREATE INDEX IF NOT EXISTS job_views_user_id_idx ON job_views (user_id);

-- JSONB fields.
CREATE INDEX IF NOT EXISTS applications_interview_feedback_idx ON applications USING gin (interview_feedback);
CREATE INDEX IF NOT EXISTS user_profiles_desired_locations_idx ON user_profiles USING gin (desired_locations);
CREATE INDEX IF NOT EXISTS user_profiles_tech_stack_idx ON user_profiles USING gin (tech_stack);
CREATE INDEX IF NOT EXISTS user_profiles_job_types_idx ON user_profiles USING gin (job_types);
CREATE INDEX IF NOT EXISTS user_profiles_preferred_companies_idx ON user_profiles USING gin (preferred_companies);
CREATE INDEX IF NOT EXISTS saved_searches_filters_idx ON saved_searches USING gin (filters);
CREATE INDEX IF NOT EXISTS notifications_data_idx ON notifications USING gin (data);

-- Active rows, and the lists that the application shows.
CREATE INDEX IF NOT EXISTS users_active_idx ON users (id) WHERE is_active;
CREATE INDEX IF NOT EXISTS jobs_active_posted_date_idx ON jobs (posted_date DESC, id DESC) WHERE is_active;
CREATE INDEX IF NOT EXISTS jobs_active_company_idx ON jobs (company) WHERE is_active;
CREATE INDEX IF NOT EXISTS jobs_active_job_type_remote_option_idx ON jobs (job_type, remote_option) WHERE is_active;
CREATE INDEX IF NOT EXISTS saved_searches_active_user_id_idx ON saved_searches (user_id) WHERE is_active;
CREATE INDEX IF NOT EXISTS applications_user_id_status_idx ON applications (user_id, status);
CREATE INDEX IF NOT EXISTS notifications_user_id_is_read_created_at_idx ON notifications (user_id, is_read, created_at DESC);
