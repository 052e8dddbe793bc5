import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.IntPoint;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.Term;
import org.apache.lucene.monitor.MonitorQuery;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;

/** Reads the typed columns of searches and postings. */
final class Columns {
    static final String TEXT = "text";
    static final String PLACE = "place";
    static final String COMPANY = "company";
    static final String TECHNOLOGY = "technology";
    private static final String REMOTE = "remote";
    private static final String JOB_TYPE = "job_type";
    private static final String PAY = "pay";
    private static final String ANYWHERE = "0:0";

    private Columns() {}

    /** id, text, city, country, remote, job type, pay, company, technologies. */
    static Document posting(String[] columns) {
        Document document = new Document();
        document.add(new TextField(TEXT, columns[1], Field.Store.NO));
        for (String place : List.of(ANYWHERE, "1:" + columns[2], "2:" + columns[3])) {
            document.add(new StringField(PLACE, place, Field.Store.NO));
        }
        document.add(new StringField(REMOTE, columns[4], Field.Store.NO));
        document.add(new StringField(JOB_TYPE, columns[5], Field.Store.NO));
        document.add(new IntPoint(PAY, Integer.parseInt(columns[6])));
        document.add(new StringField(COMPANY, columns[7], Field.Store.NO));
        for (String technology : array(columns[8])) {
            document.add(new StringField(TECHNOLOGY, technology, Field.Store.NO));
        }
        return document;
    }

    /** id, user, query, kind of place, place, remote and job type bits, pay, technologies, companies, excluded companies. */
    static MonitorQuery search(String[] columns) {
        BooleanQuery.Builder all = new BooleanQuery.Builder();
        all.add(columns[2].isEmpty() ? new MatchAllDocsQuery() : WebSearch.parse(TEXT, columns[2]), Occur.MUST);
        require(all, REMOTE, bits(columns[5]));
        require(all, JOB_TYPE, bits(columns[6]));
        int pay = Integer.parseInt(columns[7]);
        if (pay > 0) {
            all.add(IntPoint.newRangeQuery(PAY, pay, Integer.MAX_VALUE), Occur.FILTER);
        }
        require(all, TECHNOLOGY, array(columns[8]));
        require(all, COMPANY, array(columns[9]));
        for (String company : array(columns[10])) {
            all.add(new TermQuery(new Term(COMPANY, company)), Occur.MUST_NOT);
        }
        String place = columns[3] + ":" + columns[4];
        return new MonitorQuery(columns[0], all.build(), null, Map.of(PLACE, place));
    }

    /** Any of the values, unless there are none. */
    private static void require(BooleanQuery.Builder all, String field, List<String> values) {
        if (values.isEmpty()) {
            return;
        }
        BooleanQuery.Builder any = new BooleanQuery.Builder();
        values.forEach(value -> any.add(new TermQuery(new Term(field, value)), Occur.SHOULD));
        Query one = new TermQuery(new Term(field, values.get(0)));
        all.add(values.size() == 1 ? one : any.build(), Occur.FILTER);
    }

    private static List<String> bits(String mask) {
        List<String> set = new ArrayList<>();
        for (int rest = Integer.parseInt(mask); rest != 0; rest &= rest - 1) {
            set.add(Integer.toString(Integer.numberOfTrailingZeros(rest)));
        }
        return set;
    }

    private static List<String> array(String braced) {
        String inner = braced.substring(1, braced.length() - 1);
        return inner.isEmpty() ? List.of() : List.of(inner.split(","));
    }
}
