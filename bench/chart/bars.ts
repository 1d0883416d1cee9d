import { BarChart } from 'echarts/charts';
import { GridComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

export interface Bar {
  readonly name: string;
  readonly ratio: number;
}

use([BarChart, GridComponent, TitleComponent, SVGRenderer]);

/**
 * Ratios as bars, the shortest on top, those of Reprise in another colour. The scale is
 * logarithmic: the longest bar can be a hundred times the shortest.
 */
export function drawBars(title: string, bars: readonly Bar[]): string {
  const sorted = bars.toSorted((a, b) => b.ratio - a.ratio);
  const chart = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: 720,
    height: 80 + 28 * bars.length,
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
    grid: { left: 190, right: 60, top: 45, bottom: 30 },
    xAxis: { type: 'log', min: 0.5, splitLine: { show: true } },
    yAxis: { type: 'category', data: sorted.map(({ name }) => name), axisTick: { show: false } },
    series: [
      {
        type: 'bar',
        data: sorted.map(({ name, ratio }) => ({
          value: Number(ratio.toFixed(2)),
          itemStyle: { color: name.startsWith('reprise') ? '#2f6fde' : '#b3bac5' },
        })),
        label: { show: true, position: 'right' },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
