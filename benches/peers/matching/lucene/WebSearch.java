import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;

/** Queries of words, {@code "words in a row"}, {@code -excluded} words, and {@code or} between alternatives. */
final class WebSearch {
    private static final Pattern PIECE = Pattern.compile("(-?)(?:\"([^\"]*)\"|(\\S+))");

    private WebSearch() {}

    static Query parse(String field, String query) {
        List<BooleanQuery.Builder> alternatives = new ArrayList<>();
        alternatives.add(new BooleanQuery.Builder());
        Matcher piece = PIECE.matcher(query);
        while (piece.find()) {
            boolean excluded = !piece.group(1).isEmpty();
            if ("or".equals(piece.group(3)) && !excluded) {
                alternatives.add(new BooleanQuery.Builder());
                continue;
            }
            Query one =
                    piece.group(2) == null
                            ? new TermQuery(new Term(field, piece.group(3)))
                            : new PhraseQuery(field, piece.group(2).split(" "));
            alternatives.get(alternatives.size() - 1).add(one, excluded ? Occur.MUST_NOT : Occur.MUST);
        }
        if (alternatives.size() == 1) {
            return alternatives.get(0).build();
        }
        BooleanQuery.Builder any = new BooleanQuery.Builder();
        alternatives.forEach(alternative -> any.add(alternative.build(), Occur.SHOULD));
        return any.build();
    }
}
