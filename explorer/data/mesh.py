"""Meshes of solids by VTK, and pictures of them; imported only by the process that draws."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules import vtkRenderingOpenGL2  # noqa: F401 - what a render window is made of
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkCommonTransforms import vtkTransform
from vtkmodules.vtkFiltersCore import vtkAppendPolyData, vtkPolyDataNormals, vtkTriangleFilter, vtkTubeFilter
from vtkmodules.vtkFiltersGeneral import vtkTransformPolyDataFilter
from vtkmodules.vtkFiltersModeling import vtkLinearExtrusionFilter
from vtkmodules.vtkFiltersSources import vtkCubeSource, vtkSuperquadricSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkLight, vtkPolyDataMapper, vtkRenderer, vtkRenderWindow

from explorer.data.parts import Part

ROUND = 18  # sides of a tube
VIEW = 24.0  # degrees that the camera sees
LIGHTS = (((-0.8, 1.0, 0.9), 0.75), ((0.9, 0.2, 1.0), 0.3))  # beside the camera, and how bright


def _polygons(points: NDArray[np.float64], corners: NDArray[np.integer]) -> Any:
    """Polygons (m, corners) of points (n, 3)."""
    where, cells, data = vtkPoints(), vtkCellArray(), vtkPolyData()
    where.SetData(numpy_to_vtk(np.ascontiguousarray(points), deep=True))
    sizes = np.full((len(corners), 1), corners.shape[1])
    cells.SetCells(
        len(corners), numpy_to_vtkIdTypeArray(np.hstack([sizes, corners]).astype(np.int64).ravel(), deep=True)
    )
    data.SetPoints(where)
    data.SetPolys(cells)
    return data


def _box(size: Sequence[float]) -> Any:
    source = vtkCubeSource()
    source.SetXLength(size[0])
    source.SetYLength(size[1])
    source.SetZLength(size[2])
    return source


def _rounded(numbers: Sequence[float]) -> Any:
    source = vtkSuperquadricSource()
    source.SetSize(0.5)
    source.SetZAxisOfSymmetry()
    source.SetScale(*numbers[:3])
    source.SetPhiRoundness(numbers[3])
    source.SetThetaRoundness(numbers[3])
    source.SetPhiResolution(16)
    source.SetThetaResolution(24)
    return source


def _tube(numbers: Sequence[Any]) -> Any:
    points, radii = (np.array(part, float) for part in numbers)
    line, cells = _polygons(points, np.arange(len(points))[None]), vtkCellArray()
    line.SetLines(line.GetPolys())
    line.SetPolys(cells)
    line.GetPointData().SetScalars(numpy_to_vtk(radii, deep=True))
    tube = vtkTubeFilter()
    tube.SetInputData(line)
    tube.SetVaryRadiusToVaryRadiusByAbsoluteScalar()
    tube.SetNumberOfSides(ROUND)
    tube.CappingOn()
    return tube


def _slab(numbers: Sequence[Any]) -> Any:
    points, along = (np.array(part, float) for part in numbers)
    flat, extruded = vtkTriangleFilter(), vtkLinearExtrusionFilter()
    flat.SetInputData(_polygons(points - along / 2, np.arange(len(points))[None]))
    extruded.SetInputConnection(flat.GetOutputPort())
    extruded.SetExtrusionTypeToVectorExtrusion()
    extruded.SetVector(*along)
    extruded.CappingOn()
    return extruded


def _skin(numbers: Sequence[Any]) -> Any:
    (rows, columns), points = numbers[0], np.array(numbers[1], float)
    first = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    whole = vtkTriangleFilter()
    whole.SetInputData(_polygons(points, first[:, None] + [0, 1, columns + 1, columns]))
    return whole


MAKERS: dict[str, Callable[[Any], Any]] = {
    "box": _box,
    "rounded": _rounded,
    "tube": _tube,
    "slab": _slab,
    "skin": _skin,
}


def _placed(part: Part) -> Any:
    """The triangles of a part where they belong, with nothing but its paint at each."""
    whole, moved, transform = vtkTriangleFilter(), vtkTransformPolyDataFilter(), vtkTransform()
    made = MAKERS[part.kind](part.numbers)  # its port alone would not keep it alive
    whole.SetInputConnection(made.GetOutputPort())
    transform.Translate(*part.at)
    for turn, degrees in zip((transform.RotateZ, transform.RotateY, transform.RotateX), part.turn[::-1], strict=True):
        turn(degrees)
    moved.SetInputConnection(whole.GetOutputPort())
    moved.SetTransform(transform)
    moved.Update()
    found = moved.GetOutput()
    found.GetPointData().Initialize()
    found.GetCellData().Initialize()
    paint = np.tile(np.rint(255 * np.array([*part.paint, 0])).astype(np.uint8), (found.GetNumberOfCells(), 1))
    found.GetCellData().SetScalars(numpy_to_vtk(paint, deep=True))
    return found


def mesh(parts: Sequence[Part]) -> Any:
    """One mesh of all parts, a vtkPolyData; red is how much hue a triangle has, green how much white."""
    together, normals = vtkAppendPolyData(), vtkPolyDataNormals()
    for part in parts:
        together.AddInputData(_placed(part))
    normals.SetInputConnection(together.GetOutputPort())
    normals.SetFeatureAngle(35)
    normals.Update()
    return normals.GetOutput()


class Studio:
    """A window off the screen with a camera that goes around what stands in it.

    Args:
        side: of the pictures, pixels.
        finer: pixels drawn in place of one, in each direction.
    """

    def __init__(self, side: int, finer: int) -> None:
        self._side, self._finer = side, finer
        self._window, self._scene, self._mapper = vtkRenderWindow(), vtkRenderer(), vtkPolyDataMapper()
        self._window.SetOffScreenRendering(True)
        self._window.SetMultiSamples(0)
        self._window.SetAlphaBitPlanes(True)
        self._window.SetSize(side * finer, side * finer)
        self._window.AddRenderer(self._scene)
        self._scene.SetBackgroundAlpha(0)
        actor = vtkActor()
        actor.SetMapper(self._mapper)
        actor.GetProperty().SetAmbient(0.3)
        actor.GetProperty().SetDiffuse(0.8)
        self._scene.AddActor(actor)
        self._scene.AutomaticLightCreationOff()
        for place, strength in LIGHTS:
            light = vtkLight()
            light.SetLightTypeToCameraLight()
            light.SetPosition(*place)
            light.SetIntensity(strength)
            self._scene.AddLight(light)
        self._scene.GetActiveCamera().SetViewAngle(VIEW)

    def pictures(self, solid: Any, views: Sequence[Sequence[float]]) -> NDArray[np.uint8]:
        """Draw a mesh as large as the pictures allow.

        Args:
            solid: of `mesh`.
            views: azimuth (0 from ahead, 90 from its left) and elevation of the camera, degrees.

        Returns:
            Hue, white and cover of each pixel, shape (views, 3, side, side).
        """
        self._mapper.SetInputData(solid)
        points = vtk_to_numpy(solid.GetPoints().GetData())
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        radius = float(np.linalg.norm(points - middle, axis=1).max())
        return np.stack([self._picture(middle, radius, *np.radians(view)) for view in views])

    def _picture(
        self, middle: NDArray[np.floating], radius: float, azimuth: float, elevation: float
    ) -> NDArray[np.uint8]:
        camera, side = self._scene.GetActiveCamera(), self._side
        away = 1.02 * radius / np.sin(np.radians(VIEW / 2))
        towards = np.array(
            [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
        )
        camera.SetFocalPoint(*middle)
        camera.SetPosition(*(middle + away * towards))
        camera.SetViewUp(0, 0, 1)
        camera.SetClippingRange(away - 1.1 * radius, away + 1.1 * radius)
        self._window.Render()
        seen, finer = vtkUnsignedCharArray(), self._finer
        self._window.GetRGBACharPixelData(0, 0, side * finer - 1, side * finer - 1, 0, seen)
        fine = vtk_to_numpy(seen).reshape(side, finer, side, finer, 4)[::-1, ..., [0, 1, 3]].astype(np.uint16)
        total = np.sum([fine[:, down, :, right] for down in range(finer) for right in range(finer)], axis=0)
        return np.asarray((total + finer**2 // 2) // finer**2, np.uint8).transpose(2, 0, 1)
